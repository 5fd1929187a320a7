/** How the service reaches Alfresco, and as whom. */
export interface AlfrescoConfig {
  /** Root of the web application without a trailing slash, e.g. `https://acs.example.com/alfresco`. */
  readonly url: string;
  /** Tenant segment of the REST API's path, `-default-` on a single-tenant repository. */
  readonly tenant: string;
  readonly username: string;
  readonly password: string;
  /** Milliseconds to establish a connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds for a whole JSON exchange, from the call to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Milliseconds without a byte of a ZIP, the wait for its first one included. */
  readonly idleTimeoutMs: number;
  /** Sockets to Alfresco, content streams included. */
  readonly maxConnections: number;
}

/** Who may call. `users` maps a name to its bcrypt hash and is empty when `mode` is `none`. */
export interface AuthConfig {
  readonly mode: 'basic' | 'none';
  readonly users: ReadonlyMap<string, string>;
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Without slashes at the ends; empty when there is none. */
  readonly apiPrefix: string;
  readonly maxBodyBytes: number;
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'log' | 'debug' | 'silent';

/** Everything the service can be told from outside, checked. See `.env.example` for the variables. */
export interface AppConfig {
  readonly http: HttpConfig;
  readonly alfresco: AlfrescoConfig;
  readonly auth: AuthConfig;
  readonly downloads: { readonly maxNodeIds: number };
  readonly docs: boolean;
  readonly logLevel: LogLevel;
}
