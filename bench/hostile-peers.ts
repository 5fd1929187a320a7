import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** Another address than the callers', so that limits per address do not affect these. */
const ADDRESS = '127.0.0.66';

/** The service, and the secrets that hostile clients have. */
export interface Target {
  readonly port: number;
  /** Path and query of a signed link to a large ZIP. */
  readonly linkPath: string;
  /** The `Authorization` header of a legitimate user. */
  readonly authorization: string;
}

/** One attack on a new connection, which is closed afterwards. */
type Attack = (socket: Socket, target: Target) => Promise<unknown>;

const UNREAD = ['/docs/openapi.json', '/metrics', '/problems', '/docs/swagger-ui-bundle.js'];

const ATTACKS: readonly Attack[] = [
  /** Sends 60 kB of requests at once, and reads nothing. */
  async (socket) => {
    const path = UNREAD.at(Math.random() * UNREAD.length)!;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(1400));
    await sleep(3000);
  },
  /** Follows one link a hundred times on one connection, and reads nothing. */
  async (socket, { linkPath }) => {
    socket.write(`GET ${linkPath} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(100));
    await sleep(5000);
  },
  /** Sends a request one byte at a time. */
  async (socket) => {
    for (const byte of `POST /downloads HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n{`) {
      socket.write(byte);
      await sleep(50);
    }
  },
  /** Sends authenticated requests with thousands of errors each, and reads none of the responses. */
  async (socket, { authorization }) => {
    const body = `{"nodeIds":[${'0,'.repeat(30_000)}0]}`;
    const head = `POST /downloads HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(8));
    await sleep(2000);
  },
  /** Guesses a password, and resets the connection before the response. */
  async (socket) => {
    const guess = Buffer.from(`alice:${Math.random()}`).toString('base64');
    socket.write(`GET /downloads HTTP/1.1\r\nHost: a\r\nAuthorization: Basic ${guess}\r\n\r\n`);
    await sleep(20);
    socket.resetAndDestroy();
  },
  /** Requests the readiness of the service as fast as it can. */
  async (socket) => {
    socket.resume();
    for (let count = 0; count < 200; count += 1) {
      socket.write('GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n');
      await sleep(5);
    }
  },
];

const { target, count } = workerData as { target: Target; count: number };

/** Runs one attack after another. */
async function attack(offset: number, signal: AbortSignal): Promise<void> {
  for (let turn = offset; !signal.aborted; turn += 1) {
    const socket = connect({ port: target.port, host: '127.0.0.1', localAddress: ADDRESS });
    socket.on('error', () => {});
    socket.pause();
    const run = ATTACKS.at(turn % ATTACKS.length)!;
    await run(socket, target);
    socket.destroy();
  }
}

/*
 * Runs hostile clients from `start` until `stop`, and posts a message once the last has ended. In a thread of its own, so
 * that they do not delay the other clients of the process.
 */
let ended = new AbortController();
let running: Promise<unknown> = Promise.resolve();
parentPort!.on('message', (command: 'start' | 'stop') => {
  if (command === 'start') {
    ended = new AbortController();
    running = Promise.all(Array.from({ length: count }, (_, index) => attack(index, ended.signal)));
  } else {
    ended.abort();
    void running.then(() => parentPort!.postMessage('ended'));
  }
});
