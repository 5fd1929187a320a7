import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { Caller } from '../auth/caller.js';
import {
  type AlfrescoConfig,
  ConfigurationError,
  type DownloadsConfig,
  type LinkConfig,
} from '../config/app-config.js';
import { Environment } from '../config/environment.js';
import { isHttpUrl } from '../config/environment.validator.js';
import { PACING, type Pacing } from '../config/pacing.js';
import type { Peers } from '../config/worker-context.js';
import { openPeers } from './progress/peers.factory.js';
import type { DownloadRegistry } from './registry/download-registry.js';

/** Bytes of a generated secret, and the least number of characters of a given one. */
const SECRET_LENGTH = 32;

/** How Alfresco is reached, and as whom. Defaults are those of the service (`ALFRESCO_*` in `.env.example`). */
export type AlfrescoOptions = Pick<AlfrescoConfig, 'url'> & Partial<AlfrescoConfig>;

/** Options of `DownloadsModule`. */
export interface DownloadsModuleOptions extends Partial<DownloadsConfig> {
  readonly alfresco: AlfrescoOptions;

  /**
   * Who is calling, from what the guards of the application have put on the request: Express's or Fastify's, as the
   * application has it. Downloads belong to `Caller.id`. Nobody (`undefined`) gets 401 `UNAUTHENTICATED`.
   *
   * It is not called for a request with a signed link, which names the caller itself.
   *
   * @example
   * callerOf: ({ user }: RequestWithUser) => user && { id: user.id, name: user.name }
   */
  callerOf(request: object): Caller | undefined;

  /**
   * Where the owners of downloads are kept: `sqlite:PATH`, `sqlite::memory:`, `redis://…` or `rediss://…`, or a
   * registry of the application's own, which is closed when the application is.
   */
  readonly store: string | DownloadRegistry;
  /** Milliseconds for which SQLite or Redis keep a download; a day unless given. */
  readonly retentionMs?: number;

  /** Signed links. Without secrets they end with the process, and count only in the process that made them. */
  readonly links?: Partial<Pick<LinkConfig, 'secrets' | 'ttlSeconds'>>;

  /**
   * Path of pages about error codes, with which `type` of problem documents begins; `/problems` unless given. The
   * application may have none: a `type` has to be unique, not to lead anywhere (RFC 9457, section 3.1.1).
   */
  readonly problemPages?: string;

  /** Registry of prom-client to which the metrics of downloads, of the store and of calls to Alfresco are added. */
  readonly metrics?: Registry;
}

/** For the service itself: what no other application has to know. */
export interface ServiceOptions extends DownloadsModuleOptions {
  readonly pacing?: Pacing;
  /** The other processes, where `store` does not say it. */
  readonly peers?: Peers;
}

/** @throws ConfigurationError */
export function alfrescoConfig({ alfresco }: DownloadsModuleOptions): AlfrescoConfig {
  const defaults = new Environment();
  // An undefined option, as from a variable that is not set, must not override its default.
  const given = Object.entries(alfresco).filter(([, value]) => value !== undefined);
  const config: AlfrescoConfig = {
    tenant: defaults.ALFRESCO_TENANT,
    auth: defaults.ALFRESCO_AUTH,
    username: '',
    password: '',
    onBehalfOf: defaults.ALFRESCO_ON_BEHALF_OF,
    connectTimeoutMs: defaults.ALFRESCO_CONNECT_TIMEOUT_MS,
    timeoutMs: defaults.ALFRESCO_TIMEOUT_MS,
    idleTimeoutMs: defaults.ALFRESCO_IDLE_TIMEOUT_MS,
    maxConnections: defaults.ALFRESCO_MAX_CONNECTIONS,
    ...(Object.fromEntries(given) as AlfrescoOptions),
    url: alfresco.url.replace(/\/+$/, ''),
  };
  const problems = problemsOf(config);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return config;
}

export function downloadsConfig(options: DownloadsModuleOptions): DownloadsConfig {
  const defaults = new Environment();
  const {
    maxNodeIds = defaults.MAX_NODE_IDS,
    statusFreshnessMs = defaults.STATUS_FRESHNESS_MS,
    stallAfterMs = defaults.STALL_AFTER_MS,
    pendingStallAfterMs = defaults.PENDING_STALL_AFTER_MS,
  } = options;
  return { maxNodeIds, statusFreshnessMs, stallAfterMs, pendingStallAfterMs };
}

export function pacingOf({ pacing = PACING }: ServiceOptions): Pacing {
  return pacing;
}

/** The other processes of the application. @throws ConfigurationError when `store` cannot be used */
export function peersOf(options: ServiceOptions): Peers | undefined {
  const { store, peers } = options;
  return typeof store === 'string' ? openPeers(store, pacingOf(options)) : peers;
}

/** @throws ConfigurationError */
export function linkConfig({ links }: DownloadsModuleOptions): LinkConfig {
  const { LINK_TTL } = new Environment();
  const secrets = links?.secrets ?? [randomBytes(SECRET_LENGTH).toString('base64url')];
  if (secrets.some(({ length }) => length < SECRET_LENGTH)) {
    throw new ConfigurationError([`links.secrets: must have ${SECRET_LENGTH} characters or more`]);
  }
  const isEphemeral = links?.secrets === undefined;
  return { secrets, isEphemeral, ttlSeconds: links?.ttlSeconds ?? LINK_TTL };
}

/** Milliseconds that a row lives. */
export function retentionOf({ retentionMs }: DownloadsModuleOptions): number {
  return retentionMs ?? new Environment().DOWNLOAD_RETENTION * 1000;
}

/** As for the variables of the service, except for what the types ensure. */
function problemsOf({ url, auth, onBehalfOf, username, password, oauth2, tls }: AlfrescoConfig) {
  const problems: string[] = [];
  if (!isHttpUrl(url)) {
    problems.push(
      'alfresco.url: must be the root of the Alfresco web application, e.g. https://acs.example.com/alfresco',
    );
  }
  if (onBehalfOf === 'remote-user') {
    // Over plain HTTP Alfresco would have to believe everyone who sends the header.
    if (!tls?.client || !/^https:/i.test(url)) {
      problems.push('alfresco.onBehalfOf: needs an https address and alfresco.tls.client');
    }
  } else if (onBehalfOf === 'off' && auth === 'oauth2') {
    if (!oauth2) problems.push('alfresco.oauth2: is required with auth "oauth2"');
  } else if (onBehalfOf === 'off' && (username === '' || password === '')) {
    problems.push('alfresco.username, alfresco.password: are required');
  }
  return problems;
}
