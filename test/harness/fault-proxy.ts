import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** Acts on a connection instead of forwarding its bytes; returns 'pass' to forward them after all. */
export type Misbehaviour = (connection: Socket) => 'pass' | void;

/**
 * A TCP proxy between the service and its Alfresco, for faults that an HTTP server cannot produce by itself.
 */
export class FaultProxy {
  /** Where new connections lead. */
  target: number;
  /** Applied to each new connection, none of whose bytes are forwarded. */
  onConnection?: Misbehaviour;
  /** Applied to each request whose first line matches; the request is not forwarded. */
  onRequest?: { readonly line: RegExp; readonly misbehave: Misbehaviour };
  /** First lines of the requests received, forwarded or not; encrypted ones are missing. */
  readonly requestLines: string[] = [];
  private server: Server;
  private readonly connections = new Map<Socket, Socket>();

  private constructor(target: number) {
    this.target = target;
    this.server = this.createServer();
  }

  /** @param target port of the other side */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await proxy.listen(0);
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get openConnections(): number {
    return this.connections.size;
  }

  /** Ends all faults. */
  clear(): void {
    this.onConnection = undefined;
    this.onRequest = undefined;
    this.reset();
  }

  /** Resets all connections. */
  reset(): void {
    for (const [near, far] of this.connections) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Resets all connections, and refuses new ones until the returned function is called. */
  async refuse(): Promise<() => Promise<void>> {
    const { port } = this;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.reset();
    await closed;
    return () => {
      this.server = this.createServer();
      return this.listen(port);
    };
  }

  /** Stops reading from and writing to open connections, as when a host vanishes without a reset. */
  freeze(): void {
    for (const [near, far] of this.connections) {
      near.removeAllListeners('data').removeAllListeners('end').pause();
      far.removeAllListeners('data').removeAllListeners('end').pause();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.reset();
    await closed;
  }

  private listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  private createServer(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.accept(near));
  }

  private accept(near: Socket): void {
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    this.connections.set(near, far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        this.connections.delete(near);
      });
      one.on('end', () => other.end());
    }
    far.on('data', (chunk: Buffer) => this.pass(chunk, far, near));
    near.on('data', (chunk: Buffer) => {
      const line = /^[A-Z]+ \S+(?= HTTP\/1\.1\r\n)/.exec(chunk.toString('latin1', 0, 2048))?.[0];
      if (line !== undefined) this.requestLines.push(line);
      const { onRequest } = this;
      const isSpoilt = line !== undefined && onRequest?.line.test(line);
      if (isSpoilt && onRequest?.misbehave(near) !== 'pass') return;
      if (!this.onConnection) this.pass(chunk, near, far);
    });
    this.onConnection?.(near);
  }

  private pass(chunk: Buffer, from: Socket, to: Socket): void {
    if (to.writableEnded || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }
}
