import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProblemCode } from '#service/problems/problem.catalogue.js';
import type { Fault, Sandbox } from '../../../sandbox/sandbox.ts';
import type { FaultProxy, Misbehaviour } from '../fault-proxy.js';
import { FOREIGN_HOST } from '../leaks.js';
import type { Route } from './routes.js';

/** Alfresco, and what is between it and the service. */
export interface Upstream {
  readonly sandbox: Sandbox;
  readonly proxy: FaultProxy;
}

/** The code of a problem, or that the request is served as if nothing had happened. */
export type Outcome = ProblemCode | 'served';

/** What becomes of a request, by what Alfresco should have answered; as for JSON unless said otherwise. */
interface Outcomes {
  readonly json: Outcome;
  readonly empty?: Outcome;
  readonly content?: Outcome;
  /** Of the readiness probe; ALFRESCO_UNAVAILABLE unless all is served. */
  readonly probe?: Outcome;
}

/** Starts to go wrong, and ends that if clearing the proxy and the sandbox is not enough. */
type Begin = (upstream: Upstream, route: Route) => void | Promise<(() => Promise<void>) | void>;

export type FaultRow = readonly [name: string, begin: Begin, outcomes: Outcomes];

/** What an HTTP server can do to the answers of this route. */
function http(fault: Fault): Begin {
  return ({ sandbox }, { upstream }) => sandbox.fail(fault, { ...upstream, times: Infinity });
}

/** As `http`, within a body. A ZIP is to break a few times, not a few dozen. */
function inBody(kind: 'reset-mid-body' | 'truncate' | 'stall-mid-body'): Begin {
  return (upstream, route) =>
    http({ kind, afterBytes: route.kind === 'content' ? 300 : 20 })(upstream, route);
}

/** Too slow for an answer of JSON, and a ZIP in a moment. */
const drips: Begin = (upstream, route) =>
  http({ kind: 'drip', bytesPerSecond: route.kind === 'content' ? 1000 : 50 })(upstream, route);

/** What a network does to new connections. Those that there are, are cut. */
export function connecting(misbehave: Misbehaviour): Begin {
  return ({ proxy }) => {
    proxy.reset();
    proxy.onConnection = misbehave;
  };
}

/** What something that is no proper HTTP server does with the requests of this route. */
function requested(misbehave: Misbehaviour): Begin {
  return ({ proxy }, { upstream: { method, path } }) => {
    proxy.onRequest = { line: new RegExp(`^${method} \\S*${path.source}`), misbehave };
  };
}

const answered = (text: string) => requested((socket) => void socket.write(text, 'latin1'));
const answeredAndClosed = (text: string) => requested((socket) => void socket.end(text, 'latin1'));

/** Sends something again and again, as long as the connection lives. */
const forever = (first: string, text: string) =>
  requested((socket: Socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(text), 20);
    socket.once('close', () => clearInterval(timer));
  });

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

const BAD: Outcomes = { json: 'ALFRESCO_BAD_RESPONSE' };
const ERROR: Outcomes = { json: 'ALFRESCO_ERROR' };
const TIMEOUT: Outcomes = { json: 'ALFRESCO_TIMEOUT' };
const UNREACHABLE: Outcomes = { json: 'ALFRESCO_UNREACHABLE' };
const SERVED: Outcomes = { json: 'served' };

/** An answer without a body is there with its headers, and a ZIP goes on. */
const inTheBody = (outcomes: Outcomes): Outcomes => ({
  ...outcomes,
  empty: 'served',
  content: 'served',
});

const CONNECTIONS: readonly FaultRow[] = [
  ['nobody listens', ({ proxy }) => proxy.refuse(), UNREACHABLE],
  [
    'a connection is reset when it is made',
    connecting((it) => void it.resetAndDestroy()),
    UNREACHABLE,
  ],
  ['a connection is closed when it is made', connecting((it) => void it.end()), UNREACHABLE],
  ['a connection is made and then nothing comes', connecting(() => {}), TIMEOUT],
  ['the other side is gone without a word', ({ proxy }) => proxy.freeze(), TIMEOUT],
  [
    'the other side is gone without a word, for all new connections as well',
    ({ proxy }) => {
      proxy.freeze();
      proxy.onConnection = () => {};
    },
    TIMEOUT,
  ],
  [
    'Alfresco restarts',
    async ({ proxy }) => {
      const listen = await proxy.refuse();
      const isBack = sleep(50).then(listen);
      return () => isBack;
    },
    { ...SERVED, probe: 'ALFRESCO_UNAVAILABLE' },
  ],
];

const ANSWERS_THAT_BREAK: readonly FaultRow[] = [
  ['reset before the answer', requested((it) => void it.resetAndDestroy()), UNREACHABLE],
  ['closed before the answer', requested((it) => void it.end()), UNREACHABLE],
  ['no answer', http({ kind: 'hang' }), TIMEOUT],
  ['an answer that is late', http({ kind: 'delay', ms: 20_000 }), TIMEOUT],
  ['closed in the status line', answeredAndClosed('HTTP/1.1 20'), UNREACHABLE],
  ['closed in the headers', answeredAndClosed(`${OK}Content-Le`), UNREACHABLE],
  ['headers that come slowly and never end', forever(OK, 'X-Slow: 1\r\n'), TIMEOUT],
  [
    'reset after the headers',
    http({ kind: 'reset-after-headers' }),
    { ...UNREACHABLE, empty: 'served' },
  ],
  ['reset in the body', inBody('reset-mid-body'), inTheBody(UNREACHABLE)],
  ['a short body', inBody('truncate'), inTheBody(UNREACHABLE)],
  ['a body that stands still', inBody('stall-mid-body'), inTheBody(TIMEOUT)],
  ['a body that drips', drips, inTheBody(TIMEOUT)],
  ['a long body', http({ kind: 'long-body', extraBytes: 100 }), SERVED],
  [
    'chunks that end early',
    answeredAndClosed(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n{"e`),
    { ...UNREACHABLE, empty: 'ALFRESCO_UNREACHABLE', content: 'ALFRESCO_BAD_RESPONSE' },
  ],
];

const ANSWERS_THAT_ARE_NONE: readonly FaultRow[] = [
  ['the greeting of another protocol', answered('SSH-2.0-OpenSSH_9.2\r\n\r\n'), BAD],
  ['a page without a status', answeredAndClosed('<html>Bad gateway</html>'), BAD],
  ['200 kB of headers', answered(OK + `X-Filler: ${'x'.repeat(50_000)}\r\n`.repeat(4)), BAD],
  ['a length that is no number', answered(`${OK}Content-Length: many\r\n\r\n{}`), BAD],
  ['two lengths', answered(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`), BAD],
  ['chunks that are none', answered(`${OK}Transfer-Encoding: chunked\r\n\r\nmany\r\n{}`), BAD],
  [
    'a compressed body',
    answered(`${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b`),
    BAD,
  ],
  ['a page of HTML', http({ kind: 'html', status: 200 }), BAD],
  ['an empty body', http({ kind: 'empty', status: 200 }), BAD],
  ['JSON that breaks off', http({ kind: 'malformed-json' }), BAD],
  ['three megabytes of JSON', http({ kind: 'huge-json', bytes: 3_000_000 }), BAD],
  ['the entry of another id', http({ kind: 'wrong-entry', entry: { id: 'other' } }), BAD],
];

const STATUSES: readonly FaultRow[] = [
  ['100, for which nobody asked', answered('HTTP/1.1 100 Continue\r\n\r\n'), UNREACHABLE],
  ['102 again and again', forever('', 'HTTP/1.1 102 Processing\r\n\r\n'), TIMEOUT],
  [
    '101',
    answered('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    UNREACHABLE,
  ],
  [
    '103 before the answer',
    requested((it) => {
      it.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
      return 'pass';
    }),
    SERVED,
  ],
  ['cookies and challenges', http({ kind: 'set-cookie' }), SERVED],
  ...[301, 302, 303, 304, 307, 308].map((status): FaultRow => [
    `${status}`,
    http({ kind: 'redirect', status, location: `https://${FOREIGN_HOST}/` }),
    BAD,
  ]),
  ['401', http({ kind: 'html', status: 401 }), { json: 'ALFRESCO_CREDENTIALS_REJECTED' }],
  ['403', http({ kind: 'html', status: 403 }), { ...BAD, content: 'FORBIDDEN' }],
  ['404', http({ kind: 'html', status: 404 }), { ...BAD, content: 'DOWNLOAD_NOT_FOUND' }],
  ...[400, 405, 407, 408, 409, 410, 413, 414, 421, 429, 431].map((status): FaultRow => [
    `${status}`,
    http({ kind: 'html', status }),
    BAD,
  ]),
  ...[500, 501, 502, 503, 504, 507].map((status): FaultRow => [
    `${status}`,
    http({ kind: 'html', status }),
    ERROR,
  ]),
  [
    '503 with a body that does not end',
    answered('HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\nPlease wait'),
    { ...TIMEOUT, content: 'ALFRESCO_ERROR' },
  ],
  ['503 of Alfresco itself', http({ kind: 'status', status: 503 }), ERROR],
];

/** What can go wrong on a plain connection. */
export const FAULTS: readonly FaultRow[] = [
  ...CONNECTIONS,
  ...ANSWERS_THAT_BREAK,
  ...ANSWERS_THAT_ARE_NONE,
  ...STATUSES,
];
