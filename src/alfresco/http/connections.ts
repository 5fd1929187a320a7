import type { Socket } from 'node:net';
import { Client, type Dispatcher, buildConnector } from 'undici';
import { runOutsideRequests } from '../../observability/request-context.js';
import { codeOf } from './transport-failure.js';

/** No connection could be established, so that the request was certainly not sent. */
export class UnsentError extends Error {
  override readonly name = 'UnsentError';
  readonly code: string;

  constructor(failure: unknown) {
    super('no connection');
    this.code = codeOf(failure);
  }
}

/**
 * A connection that had served earlier requests broke before the response to this one began. Most likely the other side
 * had closed it as idle while the request was on its way.
 */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
  readonly code: string;

  constructor(failure: unknown) {
    super('a stale connection');
    this.code = codeOf(failure);
  }
}

/** Failures by which a connection that the other side has closed shows. Others have nothing to do with its age. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Failures of connections on which something had been received before. */
const ofUsedConnections = new WeakSet<Error>();

/** A TLS alert of the other side, in OpenSSL's words. */
const ALERT = /^ERR_SSL_\w*ALERT_/;
/**
 * Failures that came of an alert. In TLS 1.3 the certificate of a client is refused once the client has taken the handshake for
 * complete (RFC 8446, section 4.4.2.4), and undici then knows only that the connection was closed.
 */
const afterAlert = new WeakMap<Error, Error>();

/** undici's connector, which also distinguishes the failures after which a request may be sent again. */
export function createConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) =>
    // A connection that is opened for one request serves others later.
    runOutsideRequests(() =>
      connect(target, (...[failure, socket]) => {
        if (failure) return callback(new UnsentError(failure), null);
        let alert: Error | undefined;
        socket.on('error', (error) => {
          if (ALERT.test(codeOf(error))) alert = error;
          else if (alert) afterAlert.set(error, alert);
          if (socket.bytesRead > 0 && CLOSED.has(codeOf(error))) ofUsedConnections.add(error);
        });
        return callback(null, socket);
      }),
    );
}

/** The failure of a request whose response had not begun: what it came of, or a StaleConnectionError if it is one. */
export function beforeResponse(failure: unknown): unknown {
  if (!(failure instanceof Error)) return failure;
  const alert = afterAlert.get(failure);
  if (alert) return alert;
  return ofUsedConnections.has(failure) ? new StaleConnectionError(failure) : failure;
}

/** A connection of the pool, if there is one now. */
export interface PoolConnection {
  socket?: Socket | undefined;
}

/** A handler that knows over which connection its response comes. */
export interface PoolHandler extends Dispatcher.DispatchHandler {
  connection?: PoolConnection;
}

/**
 * Responses after which Tomcat closes the connection, whether it says so or not (`statusDropsConnection` of its
 * Http11Processor). A request that is sent before its end arrives here would be lost.
 */
const LAST: ReadonlySet<number> = new Set([400, 408, 411, 413, 414, 500, 501, 503]);

/** Whether the connection must not be used again after a response with this status. */
export function isLastOfConnection(status: number): boolean {
  return LAST.has(status);
}

/** A client of a pool, which has one connection at a time. */
export class PoolClient extends Client {
  private readonly connection: PoolConnection;

  constructor(origin: URL, options: Client.Options) {
    const connection: PoolConnection = {};
    const connect = options.connect as buildConnector.connector;
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, (...result) => {
          connection.socket = result[1] ?? undefined;
          callback(...result);
        }),
    });
    this.connection = connection;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: PoolHandler): boolean {
    handler.connection = this.connection;
    return super.dispatch(options, handler);
  }
}
