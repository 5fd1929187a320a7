import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** Another address than that of the callers, which limits for addresses must not concern. */
const ADDRESS = '127.0.0.66';

/** The service, and what those who mean harm have got hold of. */
export interface Target {
  readonly port: number;
  /** Of a signed link to a large ZIP, with its query. */
  readonly linkPath: string;
  /** Of somebody who may use the service. */
  readonly authorization: string;
}

/** What one of them does, again and again; a socket is closed when it is over. */
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
  /** Sends a request, a byte at a time. */
  async (socket) => {
    for (const byte of `POST /downloads HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n{`) {
      socket.write(byte);
      await sleep(50);
    }
  },
  /** Sends thousands of mistakes with a password, and reads none of the responses. */
  async (socket, { authorization }) => {
    const body = `{"nodeIds":[${'0,'.repeat(30_000)}0]}`;
    const head = `POST /downloads HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(8));
    await sleep(2000);
  },
  /** Guesses a password, and resets the connection before it hears whether it was right. */
  async (socket) => {
    const guess = Buffer.from(`alice:${Math.random()}`).toString('base64');
    socket.write(`GET /downloads HTTP/1.1\r\nHost: a\r\nAuthorization: Basic ${guess}\r\n\r\n`);
    await sleep(20);
    socket.resetAndDestroy();
  },
  /** Asks for the readiness of the service as fast as it can. */
  async (socket) => {
    socket.resume();
    for (let count = 0; count < 200; count += 1) {
      socket.write('GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n');
      await sleep(5);
    }
  },
];

const { target, count } = workerData as { target: Target; count: number };

/** One attack after the other. */
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
 * So many clients that mean harm, from `start` until `stop`; posts a message when the last has ended. In a thread of its own,
 * so that they do not keep the other clients of the process from their work.
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
