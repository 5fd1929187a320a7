import type { Environment } from './environment.js';

/** What operators read of a variable. Markdown, with links relative to `docs/`. */
interface VariableDescription {
  /** The values that are allowed, with their unit. */
  readonly value: string;
  readonly meaning: string;
  /** Values that need an explanation each. */
  readonly choices?: Readonly<Record<string, string>>;
  /** What is in force without it, where `Environment` has no default: `none` if left out. */
  readonly otherwise?: 'required' | 'random at each start';
  /** For `.env.example`, if not the default; also for the page where there is no default. */
  readonly example?: string;
}

type Descriptions = Readonly<Partial<Record<keyof Environment, VariableDescription>>>;

/**
 * The variables as `docs/configuration.md` and `.env.example` describe them, by the heading there and in that order.
 * `npm run configuration` writes both.
 */
export const VARIABLES: Readonly<Record<string, Descriptions>> = {
  'Where it listens': {
    HOST: { value: 'address', meaning: '`0.0.0.0` for all interfaces, as in a container' },
    PORT: { value: '0 to 65535', meaning: 'TCP port; 0: a free one, named in the output' },
    API_PREFIX: {
      value: 'path',
      meaning:
        'path of the API, its docs and the pages about problems; `/health/live`, `/health/ready` and `/metrics` stay at the root. For [clients written for Alfresco](integration.md#clients-written-for-alfresco) to work unchanged, the path of its API',
      example: 'alfresco/api/-default-/public/alfresco/versions/1',
    },
    PUBLIC_URL: {
      value: 'http or https URL',
      meaning:
        'external URL of the service, with the path that a proxy strips. For `Location`, links, `type` and the OpenAPI document; without it, they follow the request, or the `X-Forwarded-Proto`, `-Host` and `-Prefix` of a trusted proxy. Required for `AUTH=session`, as https unless it is on loopback: the provider sends browsers back to `PUBLIC_URL/auth/callback`',
      example: 'https://apps.example.com/zips',
    },
    TRUST_PROXY: {
      value:
        '`false`; number of proxies; their addresses or networks (`10.0.0.0/8,::1`); `true` for everyone',
      meaning:
        'proxies whose `X-Forwarded-*` headers are trusted, for the address of a caller and the public URL of the service. A number or `true` is safe only if clients cannot bypass the proxies. Behind a proxy without this, all callers share one address, and its limits. See [Behind a proxy](operations.md#behind-a-proxy)',
      example: '1',
    },
    CORS_ORIGINS: {
      value: 'origins, comma-separated, without a path',
      meaning:
        'origins of web applications that may call from a browser: they get CORS headers and may change state. Also the public origin of the service itself, if a proxy in front changes the `Host` header. See [Other origins](integration.md#other-origins)',
      example: 'https://app.example.com,http://localhost:4200',
    },
  },
  Alfresco: {
    ALFRESCO_URL: {
      value: 'http or https URL',
      meaning: 'root of the Alfresco web application, usually with `/alfresco` at its end',
      otherwise: 'required',
      example: 'https://acs.example.com/alfresco',
    },
    ALFRESCO_TENANT: { value: 'name', meaning: 'tenant in the path of the REST API' },
    ALFRESCO_AUTH: {
      value: '`ticket`, `basic`, `oauth2`',
      meaning: 'how the service logs in. See [The account](security.md#the-account)',
      choices: {
        ticket: 'one login, and its ticket with every request; renewed when it has expired',
        basic:
          'name and password with every request, which Alfresco must check against a slow hash each time',
        oauth2:
          'a token of an identity provider with every request (client credentials grant), for an Alfresco with the identity service',
      },
    },
    ALFRESCO_USERNAME: {
      value: 'text without a colon',
      meaning:
        'for `ticket` and `basic`, unless `ALFRESCO_ON_BEHALF_OF` is set: the account. The ZIPs contain what it may read',
      otherwise: 'required',
      example: 'downloads-service',
    },
    ALFRESCO_PASSWORD: {
      value: 'text',
      meaning: 'for `ticket` and `basic`, like the name',
      otherwise: 'required',
    },
    ALFRESCO_OAUTH2_TOKEN_URL: {
      value: 'http or https URL',
      meaning:
        'for `oauth2` and `token-exchange`: the token endpoint. The CAs of Node.js and those of `ALFRESCO_CA_FILE` are trusted',
      otherwise: 'required',
      example: 'https://id.example.com/realms/alfresco/protocol/openid-connect/token',
    },
    ALFRESCO_OAUTH2_CLIENT_ID: {
      value: 'text',
      meaning: 'for `oauth2` and `token-exchange`: the service as the provider knows it',
      otherwise: 'required',
      example: 'downloads-bff',
    },
    ALFRESCO_OAUTH2_CLIENT_SECRET: {
      value: 'text',
      meaning: 'for `oauth2` and `token-exchange`: its secret',
      otherwise: 'required',
    },
    ALFRESCO_OAUTH2_SCOPE: {
      value: 'scopes, separated by spaces',
      meaning: 'for `oauth2` and `token-exchange`: what is asked for',
    },
    ALFRESCO_OAUTH2_AUDIENCE: {
      value: 'text',
      meaning:
        'for `token-exchange`: whom the tokens are for, the client or audience of Alfresco at the provider',
      otherwise: 'required',
      example: 'alfresco',
    },
    ALFRESCO_ON_BEHALF_OF: {
      value: '`off`, `remote-user`, `token`, `token-exchange`',
      meaning: "in whose name Alfresco is called, and whose permissions decide a ZIP's contents",
      choices: {
        off: 'the account, for all callers',
        'remote-user':
          'the caller, by [their name](security.md#in-the-name-of-the-caller), without an account. Alfresco must trust the client certificate below and be called by https. Not with `AUTH=none`',
        token:
          "the caller, by [their access token](security.md#with-the-token-of-the-caller) or that of their session, which Alfresco's identity service must accept. Only with `AUTH=bearer`, `session` or both",
        'token-exchange':
          'the same, by a token for `ALFRESCO_OAUTH2_AUDIENCE` for which theirs is traded at `ALFRESCO_OAUTH2_TOKEN_URL` (RFC 8693)',
      },
    },
    ALFRESCO_CA_FILE: {
      value: 'PEM file',
      meaning:
        "CAs trusted for Alfresco's certificate, instead of those of Node.js. The certificate is always verified",
      example: '/etc/ssl/alfresco-ca.pem',
    },
    ALFRESCO_CLIENT_CERT_FILE: {
      value: 'PEM file',
      meaning:
        'client certificate for Alfresco, followed by intermediate certificates. Requires https and the next variable',
      example: '/run/secrets/alfresco_client.pem',
    },
    ALFRESCO_CLIENT_KEY_FILE: {
      value: 'PEM file without a passphrase',
      meaning: 'private key of that certificate',
      example: '/run/secrets/alfresco_client.key',
    },
    ALFRESCO_CONNECT_TIMEOUT_MS: {
      value: 'milliseconds',
      meaning: 'time to establish a connection',
    },
    ALFRESCO_TIMEOUT_MS: {
      value: 'milliseconds',
      meaning:
        'time for a whole JSON call, including the wait for a free connection, retries and the pauses between them. Also the maximum wait of a queued ZIP, and of a removal for its job to stop',
    },
    ALFRESCO_IDLE_TIMEOUT_MS: {
      value: 'milliseconds',
      meaning:
        'time without a byte of a ZIP, including the first (Alfresco copies the whole ZIP before it sends any of it). Then the service tries to resume the ZIP for as long again: set it longer than a restart of Alfresco for ZIPs to survive one. Time in which the caller reads slowly does not count',
    },
    ALFRESCO_MAX_CONNECTIONS: {
      value: 'at least 1',
      meaning:
        "connections to Alfresco: three quarters of them for ZIPs, one for each active transfer, the rest for everything else; at least one of each kind. All processes together should use fewer than the `maxThreads` of Alfresco's Tomcat (200 by default) allows",
    },
    MAX_TRANSFERS_PER_CALLER: {
      value: 'at least 1, `auto`',
      meaning:
        'concurrent transfers of one caller, with `AUTH=none` of one address; `auto`: a quarter of all. The signed links of one caller together get half as many',
    },
  },
  'Who may call': {
    AUTH: {
      value: '`none`, or any of `basic`, `bearer`, `session`, comma-separated',
      meaning: 'how callers log in. See [Who may call](security.md#who-may-call)',
      choices: {
        basic: 'name and password, of the users below',
        bearer: 'access tokens of an OpenID provider',
        session: 'browsers log in there (`GET /auth/login`) and hold nothing but a cookie',
        none: 'everyone who can reach the port may call',
      },
    },
    USERS_FILE: {
      value: 'htpasswd file',
      meaning:
        'for `basic`: names and bcrypt hashes, one user per line (`htpasswd -B -C 12 users.htpasswd alice`). This or the next one',
      otherwise: 'required',
      example: './users.htpasswd',
    },
    USERS: {
      value: '`name:bcrypt,name:bcrypt`',
      meaning:
        'for `basic`: the same in a variable. Use single quotes, since hashes contain dollar signs',
      example: "'alice:$2b$12$...'",
    },
    OIDC_ISSUER: {
      value: 'http or https URL',
      meaning:
        'for `bearer` and `session`: the issuer, exactly as in the tokens (`iss`). Its keys and endpoints are found by OpenID Connect Discovery, at `<issuer>/.well-known/openid-configuration`',
      otherwise: 'required',
      example: 'https://id.example.com/realms/main',
    },
    OIDC_AUDIENCE: {
      value: 'text',
      meaning: 'for `bearer`: the audience of the tokens (`aud`)',
      otherwise: 'required',
      example: 'alfresco-downloads',
    },
    OIDC_USERNAME_CLAIM: {
      value: 'name of a claim',
      meaning:
        'for `bearer` and `session`: the claim with the name of the caller. The owner of a download is the `sub` at this issuer',
    },
    OIDC_CLIENT_ID: {
      value: 'text',
      meaning:
        'for `session`: the service as the provider knows it, a confidential client with the authorization code flow, the redirect URI `PUBLIC_URL/auth/callback`, `PUBLIC_URL/` as the address after a log-out, and `PUBLIC_URL/auth/backchannel-logout` for back-channel log-outs',
      otherwise: 'required',
      example: 'downloads-bff',
    },
    OIDC_CLIENT_SECRET: {
      value: 'text',
      meaning: 'for `session`: its secret. This or the next one',
    },
    OIDC_CLIENT_KEY_FILE: {
      value: 'PEM file without a passphrase',
      meaning:
        'for `session`: its private key, with which it identifies itself instead (`private_key_jwt`): RSA of at least 2048 bits (`RS256`), P-256, P-384, P-521 (`ES256`, `ES384`, `ES512`) or Ed25519 (`Ed25519`)',
      example: '/run/secrets/oidc_client.key',
    },
    OIDC_SCOPE: {
      value: 'scopes, separated by spaces',
      meaning:
        'for `session`: what is asked for, `openid` among it. Some providers give a refresh token only with `offline_access`; without one, a session ends with its access token',
    },
    SESSION_SECRET: {
      value: 'at least 32 characters without a comma',
      meaning:
        'for `session`: key by which tokens in the store and log-ins that have begun are encrypted, the same for all processes. To rotate it, list several, comma-separated, the newest first: the first one encrypts, all decrypt',
      otherwise: 'required',
    },
    SESSION_IDLE: {
      value: 'seconds, 10 to 86400',
      meaning: 'time without a request, after which a session ends',
    },
    SESSION_MAX: {
      value: 'seconds, 10 to 2592000',
      meaning: 'time after which every session ends',
    },
    SESSION_SAME_SITE: {
      value: '`lax`, `none`',
      meaning:
        '`SameSite` of the cookie. `none` is for pages of other sites whose origins are in `CORS_ORIGINS`, and needs an https `PUBLIC_URL`. Browsers are about to send no such cookies at all: prefer to serve the page from the same site. See [Other origins](integration.md#other-origins)',
    },
  },
  'Storage and links': {
    STORE_URL: {
      value: '`sqlite:PATH`, `sqlite::memory:`, `redis://HOST:PORT`, `rediss://HOST:PORT`',
      meaning:
        'store of the owner and `Idempotency-Key` of each download, and of sessions and tickets. See [The store](operations.md#the-store)',
      choices: {
        'sqlite:PATH': 'a file, for one or several processes on one machine; its folder is created',
        'sqlite::memory:': 'for trials: all records are lost at the end of the process',
        'redis://HOST:PORT':
          'for several machines (`rediss` for TLS; no Redis Cluster; user and password percent-encoded). Redis 6.2 or newer, with `maxmemory-policy noeviction`, and for records to survive a power failure `appendonly yes` and `appendfsync always`',
      },
    },
    DOWNLOAD_RETENTION: {
      value: 'seconds, at least 60',
      meaning: 'how long a record is kept; longer than Alfresco keeps downloads (an hour or two)',
    },
    LINK_SECRET: {
      value: 'at least 32 characters without a comma',
      meaning:
        'key of signed links, the same for all processes. Without it, links end with the process. To rotate it, list several, comma-separated, the newest first: the first one signs, all are accepted, so that links survive the change',
      otherwise: 'random at each start',
    },
    LINK_TTL: {
      value: 'seconds, 1 to 86400',
      meaning: 'maximum validity of a signed link; a request may ask for less (`validFor`)',
    },
  },
  Limits: {
    RATE_LIMIT: {
      value: '`on`, `off`',
      meaning:
        'whether the next four apply. Counted in memory, for all `WORKERS` together; with Redis as the store for all machines together',
    },
    RATE_LIMIT_PER_CALLER: {
      value: 'at least 1',
      meaning: 'requests of one caller per minute; with `AUTH=none`, of one address',
    },
    RATE_LIMIT_PER_ADDRESS: {
      value: 'at least 1',
      meaning:
        'requests of one address (for IPv6, of one /64) per minute to the routes of the API, authenticated or not. Requests rejected earlier (unknown paths and methods, malformed bodies, other origins) are not counted',
    },
    RATE_LIMIT_CREATE: { value: 'at least 1', meaning: 'new downloads of one caller per minute' },
    RATE_LIMIT_FAILED_LOGINS: {
      value: 'at least 1',
      meaning:
        'wrong passwords for one name from one address per minute; five times as many for all names from one address. Above the limit, no password is checked, not even the right one',
    },
    MAX_NODE_IDS: { value: 'at least 1', meaning: 'nodes per download' },
    MAX_BODY_BYTES: { value: 'bytes, at least 64', meaning: 'size of a request body' },
  },
  Progress: {
    STATUS_FRESHNESS_MS: {
      value: 'milliseconds, 0 to 2000',
      meaning:
        'how long the status of a running download is cached, for all callers. Also the polling interval of a watched download that progresses, at least 50',
    },
    STALL_AFTER_MS: {
      value: 'milliseconds',
      meaning:
        'time without a change of a download that is IN_PROGRESS, after which watchers are notified that it has stalled',
    },
    PENDING_STALL_AFTER_MS: {
      value: 'milliseconds',
      meaning:
        'the same for PENDING. Alfresco makes eight ZIPs at a time and counts the files of each before it begins, without a change meanwhile: set it longer than the longest usual wait. `POST /downloads/content` also gives up then. Alfresco itself removes downloads that have not changed for an hour or two',
    },
  },
  'The rest': {
    SHUTDOWN_GRACE_MS: {
      value: 'milliseconds',
      meaning:
        "time for running requests to finish when the service is stopped (SIGTERM); those that arrive meanwhile get 503 `SHUTTING_DOWN`. Less than the orchestrator's timeout, which is 30 s in Kubernetes",
    },
    WORKERS: {
      value: '1 to 64, `auto`',
      meaning:
        'processes that share the port; `auto`: one per available core. With several, another one starts them, replaces those that end, and at SIGHUP replaces all, one after the other, without losing a request. Not with `STORE_URL=sqlite::memory:`. `ALFRESCO_MAX_CONNECTIONS` applies to each of them, limits on callers to all together',
      example: 'auto',
    },
    DOCS: { value: '`on`, `off`', meaning: 'Swagger UI and the OpenAPI document, at `/docs`' },
    METRICS: {
      value: '`on`, `off`',
      meaning:
        'metrics for Prometheus at `/metrics`, open to everyone who can reach the port: block it from outside in the proxy in front',
    },
    LOG_LEVEL: {
      value: '`fatal`, `error`, `warn`, `log`, `debug`, `silent`',
      meaning:
        'level of the log, JSON lines on the standard output: `log` has one line for each request, `warn` only those that failed because of this service or Alfresco. See [The log](operations.md#the-log)',
    },
    OTEL_EXPORTER_OTLP_ENDPOINT: {
      value: 'http or https URL',
      meaning:
        'base URL of an OpenTelemetry collector for traces over OTLP/HTTP; `/v1/traces` is appended. Its credentials go into `OTEL_EXPORTER_OTLP_HEADERS`, never into the URL. See [Traces](operations.md#traces)',
      example: 'http://localhost:4318',
    },
  },
};
