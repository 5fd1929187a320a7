import type { Socket } from 'node:net';
import type { ProblemCode } from '#service/problems/problem-catalogue.js';
import type { Fault, Sandbox } from '../../../sandbox/sandbox.ts';
import type { FaultProxy, Misbehaviour } from '../fault-proxy.js';
import { FOREIGN_HOST } from '../leaks.js';
import type { Route } from './routes.js';

/** Alfresco, and the proxy between it and the service. */
export interface Upstream {
  readonly sandbox: Sandbox;
  readonly proxy: FaultProxy;
  /** Calls the listener when the service sends a request again, until the returned function is called. */
  onRetry(listener: () => void): () => void;
}

/** The code of a problem, or that the request is served as if nothing had happened. */
export type Outcome = ProblemCode | 'served';

/** Outcome of a request by the kind of response expected from Alfresco; that of JSON by default. */
export interface Outcomes {
  readonly json: Outcome;
  readonly empty?: Outcome;
  readonly content?: Outcome;
  /** Outcome of the readiness probe; ALFRESCO_UNAVAILABLE unless everything is served. */
  readonly probe?: Outcome;
}

/** Starts the fault; the returned function ends it where clearing the proxy and the sandbox is not enough. */
export type Begin = (
  upstream: Upstream,
  route: Route,
) => void | Promise<(() => Promise<void>) | void>;

export interface UpstreamFault {
  readonly name: string;
  readonly begin: Begin;
  readonly outcomes: Outcomes;
  /** Represents the faults with the same outcome where not all can be tried. */
  readonly isRepresentative?: boolean;
}

/** A fault that an HTTP server can apply to the responses of this route. */
function http(fault: Fault): Begin {
  return ({ sandbox }, { upstream }) => sandbox.fail(fault, { ...upstream, times: Infinity });
}

/** As `http`, within the body. The sizes make a ZIP break a few times, not a few dozen. */
function inBody(kind: 'reset-mid-body' | 'truncate' | 'stall-mid-body'): Begin {
  return (upstream, route) =>
    http({ kind, afterBytes: route.kind === 'content' ? 300 : 20 })(upstream, route);
}

/** Too slow for JSON; a ZIP still ends within the test. */
const drips: Begin = (upstream, route) =>
  http({ kind: 'drip', bytesPerSecond: route.kind === 'content' ? 1000 : 50 })(upstream, route);

/** A network fault of new connections. Open ones are cut. */
export function connecting(misbehave: Misbehaviour): Begin {
  return ({ proxy }) => {
    proxy.reset();
    proxy.onConnection = misbehave;
  };
}

/** A fault of the requests of this route that a proper HTTP server cannot produce. */
function requested(misbehave: Misbehaviour): Begin {
  return ({ proxy }, { upstream: { method, path } }) => {
    proxy.onRequest = { line: new RegExp(`^${method} \\S*${path.source}`), misbehave };
  };
}

const sends = (text: string) => requested((socket) => void socket.write(text, 'latin1'));
const sendsAndCloses = (text: string) => requested((socket) => void socket.end(text, 'latin1'));

/** Sends the text repeatedly for as long as the connection is open. */
const forever = (first: string, text: string) =>
  requested((socket: Socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(text), 20);
    socket.once('close', () => clearInterval(timer));
  });

/** Refuses connections until the service has tried again. */
const restarts: Begin = async (upstream) => {
  const listen = await upstream.proxy.refuse();
  let isBack: Promise<void> | undefined;
  const comeBack = () => (isBack ??= listen());
  const unsubscribe = upstream.onRetry(() => void comeBack());
  return () => {
    unsubscribe();
    return comeBack();
  };
};

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

const BAD: Outcomes = { json: 'ALFRESCO_BAD_RESPONSE' };
const ERROR: Outcomes = { json: 'ALFRESCO_ERROR' };
const TIMEOUT: Outcomes = { json: 'ALFRESCO_TIMEOUT' };
const UNREACHABLE: Outcomes = { json: 'ALFRESCO_UNREACHABLE' };
const SERVED: Outcomes = { json: 'served' };

/** A response without a body is complete with its headers, and a ZIP is resumed. */
const inTheBody = (outcomes: Outcomes): Outcomes => ({
  ...outcomes,
  empty: 'served',
  content: 'served',
});

/** A fault that is tried with every route, see `isRepresentative`. */
const representative = (name: string, begin: Begin, outcomes: Outcomes): UpstreamFault => ({
  name,
  begin,
  outcomes,
  isRepresentative: true,
});

export const fault = (name: string, begin: Begin, outcomes: Outcomes): UpstreamFault => ({
  name,
  begin,
  outcomes,
});

const CONNECTIONS: readonly UpstreamFault[] = [
  representative('Alfresco refuses connections', ({ proxy }) => proxy.refuse(), UNREACHABLE),
  fault(
    'Alfresco resets each connection as soon as it is made',
    connecting((it) => void it.resetAndDestroy()),
    UNREACHABLE,
  ),
  fault(
    'Alfresco closes each connection as soon as it is made',
    connecting((it) => void it.end()),
    UNREACHABLE,
  ),
  fault(
    'Alfresco accepts connections and never sends anything',
    connecting(() => {}),
    TIMEOUT,
  ),
  fault('Alfresco falls silent on open connections', ({ proxy }) => proxy.freeze(), TIMEOUT),
  fault(
    'Alfresco falls silent on open and on new connections',
    ({ proxy }) => {
      proxy.freeze();
      proxy.onConnection = () => {};
    },
    TIMEOUT,
  ),
  representative('Alfresco restarts', restarts, { ...SERVED, probe: 'ALFRESCO_UNAVAILABLE' }),
];

const BROKEN_RESPONSES: readonly UpstreamFault[] = [
  fault(
    'Alfresco resets the connection before it responds',
    requested((it) => void it.resetAndDestroy()),
    UNREACHABLE,
  ),
  fault(
    'Alfresco closes the connection before it responds',
    requested((it) => void it.end()),
    UNREACHABLE,
  ),
  representative('Alfresco never responds', http({ kind: 'hang' }), TIMEOUT),
  fault('Alfresco responds too late', http({ kind: 'delay', ms: 20_000 }), TIMEOUT),
  fault(
    'Alfresco closes the connection in the middle of the status line',
    sendsAndCloses('HTTP/1.1 20'),
    UNREACHABLE,
  ),
  fault(
    'Alfresco closes the connection in the middle of the headers',
    sendsAndCloses(`${OK}Content-Le`),
    UNREACHABLE,
  ),
  fault('Alfresco sends headers slowly and without end', forever(OK, 'X-Slow: 1\r\n'), TIMEOUT),
  fault('Alfresco resets the connection after the headers', http({ kind: 'reset-after-headers' }), {
    ...UNREACHABLE,
    empty: 'served',
  }),
  fault(
    'Alfresco resets the connection in the middle of the body',
    inBody('reset-mid-body'),
    inTheBody(UNREACHABLE),
  ),
  fault(
    'Alfresco closes the connection in the middle of the body',
    inBody('truncate'),
    inTheBody(UNREACHABLE),
  ),
  fault(
    'Alfresco stops sending in the middle of the body',
    inBody('stall-mid-body'),
    inTheBody(TIMEOUT),
  ),
  fault('Alfresco sends the body very slowly', drips, inTheBody(TIMEOUT)),
  fault(
    'Alfresco sends more than it has announced',
    http({ kind: 'long-body', extraBytes: 100 }),
    SERVED,
  ),
  fault(
    'Alfresco closes the connection in the middle of a chunk',
    sendsAndCloses(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n{"e`),
    { ...UNREACHABLE, content: 'ALFRESCO_BAD_RESPONSE' },
  ),
];

const MALFORMED_RESPONSES: readonly UpstreamFault[] = [
  fault('Alfresco greets in another protocol', sends('SSH-2.0-OpenSSH_9.2\r\n\r\n'), BAD),
  fault(
    'Alfresco sends a page without a status line',
    sendsAndCloses('<html>Bad gateway</html>'),
    BAD,
  ),
  fault(
    'Alfresco sends 200 kB of headers',
    sends(OK + `X-Filler: ${'x'.repeat(50_000)}\r\n`.repeat(4)),
    BAD,
  ),
  fault(
    'Alfresco sends a Content-Length that is not a number',
    sends(`${OK}Content-Length: many\r\n\r\n{}`),
    BAD,
  ),
  fault(
    'Alfresco sends two different Content-Lengths',
    sends(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
    BAD,
  ),
  fault(
    'Alfresco sends a chunk size that is not a number',
    sends(`${OK}Transfer-Encoding: chunked\r\n\r\nmany\r\n{}`),
    BAD,
  ),
  fault(
    'Alfresco sends a compressed body',
    sends(`${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b`),
    BAD,
  ),
  representative('Alfresco sends a page of HTML', http({ kind: 'html', status: 200 }), BAD),
  fault('Alfresco sends an empty body', http({ kind: 'empty', status: 200 }), BAD),
  fault('Alfresco sends JSON that breaks off', http({ kind: 'malformed-json' }), BAD),
  fault('Alfresco sends 3 MB of JSON', http({ kind: 'huge-json', bytes: 3_000_000 }), BAD),
  fault(
    'Alfresco sends the entry of another id',
    http({ kind: 'wrong-entry', entry: { id: 'other' } }),
    BAD,
  ),
];

const withHtml = (status: number, outcomes: Outcomes, define = fault): UpstreamFault =>
  define(
    `Alfresco responds with ${status} and a page of HTML`,
    http({ kind: 'html', status }),
    outcomes,
  );

const STATUSES: readonly UpstreamFault[] = [
  fault(
    'Alfresco responds with 100 Continue, unasked',
    sends('HTTP/1.1 100 Continue\r\n\r\n'),
    UNREACHABLE,
  ),
  fault(
    'Alfresco responds with 102 Processing again and again',
    forever('', 'HTTP/1.1 102 Processing\r\n\r\n'),
    TIMEOUT,
  ),
  fault(
    'Alfresco responds with 101 Switching Protocols',
    sends('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    UNREACHABLE,
  ),
  fault(
    'Alfresco sends 103 Early Hints before it responds',
    requested((it) => {
      it.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
      return 'pass';
    }),
    SERVED,
  ),
  fault('Alfresco sends cookies and challenges', http({ kind: 'set-cookie' }), SERVED),
  ...[301, 302, 303, 304, 307, 308].map((status) =>
    fault(
      `Alfresco redirects with ${status}`,
      http({ kind: 'redirect', status, location: `https://${FOREIGN_HOST}/` }),
      BAD,
    ),
  ),
  withHtml(401, { json: 'ALFRESCO_CREDENTIALS_REJECTED' }, representative),
  ...[400, 403, 404, 405, 407, 408, 409, 410, 413, 414, 421, 429, 431].map((status) =>
    withHtml(status, BAD),
  ),
  ...[500, 501, 502, 504, 507].map((status) => withHtml(status, ERROR)),
  withHtml(503, ERROR, representative),
  fault(
    'Alfresco responds with 503 and a body that never ends',
    sends('HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\nPlease wait'),
    { ...TIMEOUT, content: 'ALFRESCO_ERROR' },
  ),
  fault(
    'Alfresco responds with 503 and its own error',
    http({ kind: 'status', status: 503 }),
    ERROR,
  ),
];

/** What can go wrong on a plain connection. */
export const FAULTS: readonly UpstreamFault[] = [
  ...CONNECTIONS,
  ...BROKEN_RESPONSES,
  ...MALFORMED_RESPONSES,
  ...STATUSES,
];
