import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, type buildConnector } from 'undici';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { ContentConnection, type ContentConnectionOptions } from '../content/content-connection.js';
import { transferLimit } from '../content/transfer-limiter.js';
import { PoolClient, createConnector } from './connections.js';
import { TextAnswer } from './text-response.js';
import type { UpstreamAnswer, WireRequest } from './transport.js';

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
 * Every status resolves; what it means is the client's business. How long a request may take is that of the policy, whose
 * `Deadline` is its signal.
 */
@Injectable()
export class UpstreamTransport implements OnApplicationShutdown {
  private readonly pool: Pool;
  private readonly content: ContentConnectionOptions;

  constructor({ url, tls, connectTimeoutMs, idleTimeoutMs, maxConnections }: TransportConfig) {
    const origin = new URL(url);
    const connector: buildConnector.BuildOptions = {
      timeout: connectTimeoutMs,
      // Said aloud, or NODE_TLS_REJECT_UNAUTHORIZED=0, set for something else, would switch it off here.
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
      // The deadline covers the wait for a free socket as well, which undici's timer does not.
      headersTimeout: 0,
      bodyTimeout: idleTimeoutMs,
      allowH2: false,
    });
  }

  /** See `Wire`. */
  readonly send = <T>(request: WireRequest): Promise<UpstreamAnswer<T>> =>
    (request.isStream
      ? ContentConnection.open(request, this.content)
      : this.text(request)) as Promise<UpstreamAnswer<T>>;

  async onApplicationShutdown(): Promise<void> {
    await this.pool.destroy();
  }

  private text({ signal, ...request }: WireRequest): Promise<UpstreamAnswer<string>> {
    return new Promise((resolve, reject) => {
      this.pool.dispatch(request, new TextAnswer(signal, resolve, reject));
    });
  }
}
