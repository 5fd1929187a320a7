import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Dispatcher, Pool, type buildConnector } from 'undici';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { ALFRESCO_CONFIG } from '../alfresco-api.js';
import { ContentConnection, type ContentConnectionOptions } from '../content/content-connection.js';
import { transferLimit } from '../content/transfer-limiter.js';
import {
  PoolClient,
  type PoolConnection,
  type PoolHandler,
  beforeResponse,
  createConnector,
  isLastOfConnection,
} from './connections.js';
import type { CallSignal, UpstreamRequest, UpstreamResponse } from './upstream-call.js';

/** Where to connect, and with which limits. */
export type TransportConfig = Pick<
  AlfrescoConfig,
  'url' | 'tls' | 'connectTimeoutMs' | 'idleTimeoutMs' | 'maxConnections'
>;

/**
 * Carries the requests to one host: JSON over an undici pool, each ZIP over a connection of its own.
 *
 * undici is three times as fast as the agent behind axios' own adapter. Neither way follows a redirect, reads a
 * proxy variable, decompresses anything or connects to anything but the origin, whatever a path may say.
 * Every status resolves; what it means is the client's business. How long a request may take is up to its signal.
 */
@Injectable()
export class UpstreamTransport implements OnApplicationShutdown {
  private readonly pool: Pool;
  private readonly content: ContentConnectionOptions;

  constructor(@Inject(ALFRESCO_CONFIG) config: TransportConfig) {
    const { url, tls, connectTimeoutMs, idleTimeoutMs, maxConnections } = config;
    const origin = new URL(url);
    const connector: buildConnector.BuildOptions = {
      timeout: connectTimeoutMs,
      // Explicit, or NODE_TLS_REJECT_UNAUTHORIZED=0, set for something else, would switch it off here.
      rejectUnauthorized: true,
      ca: tls?.ca,
      ...tls?.client,
      allowH2: false,
    };
    this.content = { origin, connector, idleTimeoutMs };
    this.pool = new Pool(origin.origin, {
      // The others are for ZIPs.
      connections: Math.max(1, maxConnections - transferLimit(maxConnections)),
      connect: createConnector(connector),
      factory: (to, options) => new PoolClient(to, options),
      // The deadline covers the wait for a free socket and the whole body as well. undici's timers do not, and cost a read 8 %.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    });
  }

  /** A `Send`, which the layers of a call are composed around. */
  readonly send = <T>(request: UpstreamRequest): Promise<UpstreamResponse<T>> =>
    (request.isStream
      ? ContentConnection.open(request, this.content)
      : this.text(request)) as Promise<UpstreamResponse<T>>;

  async onApplicationShutdown(): Promise<void> {
    await this.pool.destroy();
  }

  private text(request: UpstreamRequest): Promise<UpstreamResponse<string>> {
    const { method, path, headers, body, signal } = request;
    return new Promise((resolve, reject) => {
      const handler = new TextResponse(signal, resolve, reject);
      this.pool.dispatch({ method, path, headers, body }, handler);
    });
  }
}

/** A JSON response of Alfresco has a few hundred bytes; anything longer than this is something else. */
const MAX_BYTES = 1_048_576;

/** A response was longer than any real one. */
export class ResponseTooLongError extends Error {
  override readonly name = 'ResponseTooLongError';
  readonly code = 'ANSWER_TOO_LONG';
}

/**
 * Collects a response as text, for undici's `dispatch`: its `request` would make a Readable of each body.
 */
export class TextResponse implements PoolHandler {
  connection?: PoolConnection;
  private status = 0;
  private headers: UpstreamResponse<string>['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private controller?: Dispatcher.DispatchController;
  private readonly abort = () => this.controller?.abort(this.signal!.reason as Error);

  constructor(
    private readonly signal: CallSignal | undefined,
    private readonly resolve: (response: UpstreamResponse<string>) => void,
    private readonly reject: (reason: unknown) => void,
  ) {
    signal?.addEventListener('abort', this.abort);
  }

  /** The request has its socket, after a wait perhaps. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.signal?.aborted) this.abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // RFC 9110, section 15.2: an interim response is followed by the final one.
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.length += chunk.length;
    this.chunks.push(chunk);
    if (this.length > MAX_BYTES)
      controller.abort(new ResponseTooLongError('a JSON response is too long'));
  }

  onResponseEnd(): void {
    this.detach();
    const { status, headers, chunks, length } = this;
    if (isLastOfConnection(status)) this.connection?.socket?.destroy();
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
    this.resolve({ status, headers, data: whole.toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.detach();
    this.reject(this.status === 0 ? beforeResponse(error) : error);
  }

  private detach(): void {
    this.signal?.removeEventListener('abort', this.abort);
  }
}
