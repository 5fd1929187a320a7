/** What one process does when another calls it. */
type Calls = { readonly [name: string]: (...values: never[]) => unknown };

type Name<C> = keyof C & string;
type Values<C extends Calls, N extends Name<C>> = Parameters<C[N]>;
type Answer<C extends Calls, N extends Name<C>> = Awaited<ReturnType<C[N]>>;

/** One end of what is between two processes of `node:cluster`: a `Worker` here, `process` there. */
interface Port {
  send?(message: object, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** A call, or the answer to one. */
type Message =
  | { readonly call: string; readonly number: number; readonly values: readonly never[] }
  | { readonly answers: number; readonly value: unknown };

/**
 * Calls between the primary and a worker. A call to a process that has ended is never answered; one that throws
 * over there ends that process.
 */
export class Channel<Theirs extends Calls, Ours extends Calls> {
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private calls = 0;

  /** @param ours what the other process may call here */
  constructor(
    private readonly port: Port,
    private readonly ours: Ours,
  ) {
    port.on('message', (message) => void this.receive(message as Message));
  }

  call<N extends Name<Theirs>>(name: N, ...values: Values<Theirs, N>): Promise<Answer<Theirs, N>> {
    const number = ++this.calls;
    return new Promise((resolve) => {
      this.waiting.set(number, resolve as (value: unknown) => void);
      this.send({ call: name, number, values });
    });
  }

  private async receive(message: Message): Promise<void> {
    if ('call' in message) {
      const value = await this.ours[message.call]!(...message.values);
      this.send({ answers: message.number, value });
    } else {
      this.waiting.get(message.answers)?.(message.value);
      this.waiting.delete(message.answers);
    }
  }

  private send(message: Message): void {
    // That the other process has ended is told by an event of its own.
    this.port.send?.(message, () => {});
  }
}
