import type { Pacing } from './pacing.js';

/** How the service reaches Alfresco, and as whom. */
export interface AlfrescoConfig {
  /** Root of the web application without a trailing slash, e.g. `https://acs.example.com/alfresco`. */
  readonly url: string;
  /** Tenant segment of the REST API's path, `-default-` on a single-tenant repository. */
  readonly tenant: string;
  /**
   * `ticket`: one login, then its ticket; `basic`: name and password with every request; `oauth2`: a token of an
   * identity provider.
   */
  readonly auth: 'ticket' | 'basic' | 'oauth2';
  /** Name and password of the service's account; empty where none is used. */
  readonly username: string;
  readonly password: string;
  /**
   * `remote-user`: each call is made in the caller's name, for which the client certificate vouches. No account is
   * used, and `auth` is ignored. `token`: each call has the caller's own access token; `token-exchange`: one that was
   * given for it.
   */
  readonly onBehalfOf: 'off' | 'remote-user' | 'token' | 'token-exchange';
  readonly tls?: TlsConfig;
  /** Only with `auth: 'oauth2'` and `onBehalfOf: 'token-exchange'`. */
  readonly oauth2?: OAuth2Config;
  /** Milliseconds to establish a connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds for a JSON call, from its start to the last byte of the response. */
  readonly timeoutMs: number;
  /** Milliseconds without a byte of a ZIP, the wait for its first one included. */
  readonly idleTimeoutMs: number;
  /** Sockets to Alfresco, content streams included. */
  readonly maxConnections: number;
  /** ZIPs that one caller may receive at a time; a quarter of the limit for all callers unless given. */
  readonly maxTransfersPerCaller?: number;
}

/** Certificates for an https address, in PEM. The server's certificate is always verified. */
export interface TlsConfig {
  /** Trusted instead of Node's own list. */
  readonly ca?: string;
  /** How this service identifies itself. */
  readonly client?: { readonly cert: string; readonly key: string };
}

/** How to get tokens that Alfresco accepts: by client credentials (RFC 6749, section 4.4) or by exchange (RFC 8693). */
export interface OAuth2Config {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** Whom exchanged tokens are for. */
  readonly audience?: string;
}

/** Who may call, and how callers prove who they are. */
export interface AuthConfig {
  /** Accepted credentials; empty: everyone may call (`AUTH=none`). */
  readonly schemes: readonly ('basic' | 'bearer' | 'session')[];
  /** Name to bcrypt hash; empty without `basic`. */
  readonly users: ReadonlyMap<string, string>;
  /** Only with `bearer`. */
  readonly oidc?: OidcConfig;
  /** Only with `session`. */
  readonly session?: SessionConfig;
}

/** The identity provider whose tokens are accepted. */
export interface OidcConfig {
  /** `iss` of the tokens, and where `/.well-known/openid-configuration` is. */
  readonly issuer: string;
  /** Required in `aud`. */
  readonly audience: string;
  /** Claim with the caller's name. */
  readonly usernameClaim: string;
}

/** A private key with which this service identifies itself. */
export interface ClientKey {
  /** In PEM (PKCS #8). */
  readonly pem: string;
  /** Of its signatures, as JOSE names it. */
  readonly algorithm: string;
}

/** How browsers log in at an OpenID provider, and how long that lasts. */
export interface SessionConfig {
  /** Where `/.well-known/openid-configuration` is. */
  readonly issuer: string;
  /** Claim with the caller's name. */
  readonly usernameClaim: string;
  readonly clientId: string;
  /** One of these two. */
  readonly clientSecret?: string;
  /** For `private_key_jwt`. */
  readonly clientKey?: ClientKey;
  readonly scope: string;
  /** The first one encrypts, all decrypt. */
  readonly secrets: readonly [string, ...string[]];
  /** Milliseconds without a request after which a session ends. */
  readonly idleMs: number;
  /** Milliseconds after which it ends in any case. */
  readonly maxMs: number;
  /** Where browsers see the service, without a trailing slash. */
  readonly publicUrl: string;
  /** Of the cookie. `none` is for pages of other sites. */
  readonly sameSite: 'lax' | 'none';
}

/** Where owners of downloads, Idempotency-Keys, tickets and sessions are stored, and with Redis the counters of limits. */
export interface StoreConfig {
  /** `sqlite:PATH`, `sqlite::memory:`, `redis://…` or `rediss://…`; may hold a password. */
  readonly url: string;
  /** Milliseconds until a row is deleted. */
  readonly retentionMs: number;
}

/** Signed links to content. */
export interface LinkConfig {
  /** The first one signs, all verify. */
  readonly secrets: readonly [string, ...string[]];
  /** Whether the secret was generated at this start, so that links end with the process. */
  readonly isEphemeral: boolean;
  readonly ttlSeconds: number;
}

/** Requests per minute; `undefined` in `AppConfig` when there is no limit. */
export interface RateLimitConfig {
  readonly perCaller: number;
  readonly perAddress: number;
  readonly create: number;
  readonly failedLogins: number;
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Without slashes at the ends; empty when there is none. */
  readonly apiPrefix: string;
  /** Where clients see the service, as an origin and perhaps a path; taken from each request unless given. */
  readonly publicUrl?: string;
  readonly maxBodyBytes: number;
  /** Whose `X-Forwarded-*` headers are trusted, as in Fastify's option. */
  readonly trustProxy: boolean | number | string[];
  /** Origins of web applications that may call from a browser. */
  readonly corsOrigins: readonly string[];
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Injection token of the `DownloadsConfig`. */
export const DOWNLOADS_CONFIG = Symbol('DOWNLOADS_CONFIG');

/** Limits and times of the downloads API. */
export interface DownloadsConfig {
  /** Nodes that one download may ask for. */
  readonly maxNodeIds: number;
  /** Milliseconds for which a state that can still change is cached. */
  readonly statusFreshnessMs: number;
  /** Milliseconds without any change after which a download that is IN_PROGRESS counts as stalled. */
  readonly stallAfterMs: number;
  /** Milliseconds after which a download that is still PENDING counts as stalled. */
  readonly pendingStallAfterMs: number;
}

/** The whole configuration, checked. `environment.ts` explains where a new variable goes. */
export interface AppConfig {
  readonly http: HttpConfig;
  readonly alfresco: AlfrescoConfig;
  readonly auth: AuthConfig;
  readonly downloads: DownloadsConfig;
  readonly store: StoreConfig;
  readonly links: LinkConfig;
  readonly rateLimit?: RateLimitConfig;
  /** Milliseconds that running requests have when the service is stopped. */
  readonly shutdownGraceMs: number;
  /** Processes that serve requests; more than one have a primary besides. */
  readonly workers: number;
  readonly docs: boolean;
  /** Whether `/metrics` is served. */
  readonly metrics: boolean;
  /** Base of an OpenTelemetry collector; without one there are no traces. */
  readonly otlpEndpoint?: string;
  readonly logLevel: LogLevel;
  /** Constant in production. */
  readonly pacing: Pacing;
}

/** The configuration is unusable. `message` lists all problems, one per line, without secrets. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(
      [
        `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:`,
        ...problems.map((problem) => `  - ${problem}`),
        'Each variable is described in .env.example.',
      ].join('\n'),
    );
  }
}
