import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import {
  type AppConfig,
  type AuthConfig,
  type ClientKey,
  ConfigurationError,
  type HttpConfig,
  type LinkConfig,
  type OAuth2Config,
  type TlsConfig,
} from './app-config.js';
import { readClientKey, readFileVariables, readTls, readUsers } from './config-files.js';
import { Environment, MAX_WORKERS, SECRET_VARIABLES } from './environment.js';
import { parseOrigins } from './environment.validator.js';
import { PACING } from './pacing.js';

type Variables = Record<string, string | undefined>;

/**
 * Adds the variables of `.env` in the working directory to those of the process, which win.
 * @throws ConfigurationError when it cannot be read
 */
export function loadEnvFile(): void {
  if (!existsSync('.env')) return;
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'not a file of NAME=value lines';
    throw new ConfigurationError([`.env: cannot be read (${reason})`]);
  }
}

const SCHEMES = ['basic', 'bearer', 'session'] as const;

/**
 * Turns environment variables into a checked configuration.
 *
 * `ConfigModule` of `@nestjs/config` is not used: the HTTP adapter is built before Nest's container
 * and needs body limits and the prefix, so the configuration has to exist before any module does.
 *
 * @throws ConfigurationError naming every missing or wrong variable
 */
export function loadConfig(variables: Variables): AppConfig {
  const problems: string[] = [];
  const given = readFileVariables(withoutBlanks(variables), problems);
  const environment = plainToInstance(Environment, numbersConverted(given), {
    exposeDefaultValues: true,
  });
  problems.push(...invalidVariables(environment, given));
  checkImpersonation(environment, problems);
  checkWorkers(environment, problems);
  const tls = readTls(environment, problems);
  const users = readUsers(environment, problems);
  checkSessions(environment, problems);
  const clientKey = readClientKey(environment, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return toAppConfig(environment, users, tls, clientKey);
}

/** An empty variable (`NAME=` in a compose file) counts as not set. */
function withoutBlanks(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables)
      .filter((entry): entry is [string, string] => !!entry[1]?.trim())
      // A blank at the end is a mistake everywhere but in a credential.
      .map(([name, value]) => [name, SECRET_VARIABLES.has(name) ? value : value.trim()]),
  );
}

/** Converts the variables whose default is a number; any other text becomes NaN and fails validation. */
function numbersConverted(given: Record<string, string>): Record<string, string | number> {
  const defaults = new Environment() as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof defaults[name] === 'number' ? (/^\d+$/.test(value) ? Number(value) : NaN) : value,
    ]),
  );
}

function invalidVariables(environment: Environment, given: Record<string, string>): string[] {
  return validateSync(environment).map(({ property, constraints }) => {
    const message =
      constraints?.isNotEmpty ?? Object.values(constraints ?? {})[0] ?? 'is not valid';
    const value = given[property];
    const quoted = value !== undefined && isQuotable(property, value) ? `="${value}"` : '';
    return `${property}${quoted}: ${message}`;
  });
}

/** A URL is quoted only if nothing in it can be a password, however it was mistyped. */
function isQuotable(property: string, value: string): boolean {
  const plainUrl = /^(?:[a-z]+:)?\/*[\w.-]+(?::\d+)?(?:\/[\w./-]*)?$/i;
  if (SECRET_VARIABLES.has(property)) return false;
  return !/_(?:URL|ISSUER|ENDPOINT)$/.test(property) || plainUrl.test(value);
}

/** Checks the variables that must fit together for the service to act in the name of its callers. */
function checkImpersonation(environment: Environment, problems: string[]): void {
  const { ALFRESCO_URL, ALFRESCO_CLIENT_CERT_FILE: certificate } = environment;
  const isRemoteUser = environment.ALFRESCO_ON_BEHALF_OF === 'remote-user';
  if (/^http:/i.test(ALFRESCO_URL)) {
    // Over plain HTTP Alfresco could not tell this service from anyone else who sends the header.
    if (isRemoteUser) {
      problems.push('ALFRESCO_ON_BEHALF_OF="remote-user": needs an https ALFRESCO_URL');
    } else if (certificate !== undefined) {
      problems.push('ALFRESCO_CLIENT_CERT_FILE: needs an https ALFRESCO_URL');
    }
  }
  const { ALFRESCO_ON_BEHALF_OF: mode, ALFRESCO_AUTH, AUTH } = environment;
  if (mode === 'off') return;
  if (ALFRESCO_AUTH !== 'ticket') {
    problems.push(
      `ALFRESCO_AUTH="${ALFRESCO_AUTH}": must not be set with ALFRESCO_ON_BEHALF_OF=${mode}, which uses no account`,
    );
  }
  if (isRemoteUser && AUTH === 'none') {
    problems.push(
      'AUTH="none": must not be set with ALFRESCO_ON_BEHALF_OF=remote-user, which passes on the name of the caller',
    );
  }
  if (!isRemoteUser && /basic|none/.test(AUTH)) {
    problems.push(
      `AUTH="${AUTH}": must be bearer, session or both with ALFRESCO_ON_BEHALF_OF=${mode}, which passes on the access token of the caller`,
    );
  }
}

/** What must go together for the log-in of browsers. What does not is added to `problems`. */
function checkSessions(environment: Environment, problems: string[]): void {
  const { AUTH, PUBLIC_URL = '', SESSION_SAME_SITE, SESSION_IDLE, SESSION_MAX } = environment;
  if (!AUTH.includes('session')) return;
  const { OIDC_CLIENT_SECRET: secret, OIDC_CLIENT_KEY_FILE: key } = environment;
  if ((secret === undefined) === (key === undefined)) {
    problems.push('OIDC_CLIENT_SECRET and OIDC_CLIENT_KEY_FILE: give one, not both');
  }
  if (URL.canParse(PUBLIC_URL) && !isSecure(new URL(PUBLIC_URL))) {
    problems.push(
      `PUBLIC_URL="${PUBLIC_URL}": must be https for AUTH=session; http only on the loopback interface`,
    );
  }
  if (SESSION_SAME_SITE === 'none' && !PUBLIC_URL.startsWith('https:')) {
    problems.push('SESSION_SAME_SITE="none": needs an https PUBLIC_URL');
  }
  if (SESSION_IDLE > SESSION_MAX) {
    problems.push(`SESSION_IDLE="${SESSION_IDLE}": must not be more than SESSION_MAX`);
  }
}

/** Whether nobody on the way can read a cookie. */
function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** With a store in memory, each process would know only the downloads that it created itself. */
function checkWorkers({ WORKERS, STORE_URL }: Environment, problems: string[]): void {
  if (STORE_URL === 'sqlite::memory:' && toWorkers(WORKERS) > 1) {
    problems.push(
      `WORKERS="${WORKERS}": needs a store that processes share, not STORE_URL=sqlite::memory:`,
    );
  }
}

function toAppConfig(
  environment: Environment,
  users: AuthConfig['users'],
  tls: TlsConfig | undefined,
  clientKey: ClientKey | undefined,
): AppConfig {
  return {
    http: {
      host: environment.HOST,
      port: environment.PORT,
      apiPrefix: (environment.API_PREFIX ?? '').replace(/^\/|\/$/g, ''),
      ...(environment.PUBLIC_URL !== undefined && { publicUrl: environment.PUBLIC_URL }),
      maxBodyBytes: environment.MAX_BODY_BYTES,
      trustProxy: toTrustProxy(environment.TRUST_PROXY),
      corsOrigins: environment.CORS_ORIGINS ? parseOrigins(environment.CORS_ORIGINS) : [],
    },
    alfresco: {
      url: environment.ALFRESCO_URL.replace(/\/+$/, ''),
      tenant: environment.ALFRESCO_TENANT,
      auth: environment.ALFRESCO_AUTH,
      username: environment.ALFRESCO_USERNAME ?? '',
      password: environment.ALFRESCO_PASSWORD ?? '',
      onBehalfOf: environment.ALFRESCO_ON_BEHALF_OF,
      ...(tls && { tls }),
      ...((environment.ALFRESCO_AUTH === 'oauth2' ||
        environment.ALFRESCO_ON_BEHALF_OF === 'token-exchange') && {
        oauth2: toOAuth2Config(environment),
      }),
      connectTimeoutMs: environment.ALFRESCO_CONNECT_TIMEOUT_MS,
      timeoutMs: environment.ALFRESCO_TIMEOUT_MS,
      idleTimeoutMs: environment.ALFRESCO_IDLE_TIMEOUT_MS,
      maxConnections: environment.ALFRESCO_MAX_CONNECTIONS,
      ...(environment.MAX_TRANSFERS_PER_CALLER !== 'auto' && {
        maxTransfersPerCaller: Number(environment.MAX_TRANSFERS_PER_CALLER),
      }),
    },
    auth: toAuthConfig(environment, users, clientKey),
    downloads: {
      maxNodeIds: environment.MAX_NODE_IDS,
      statusFreshnessMs: environment.STATUS_FRESHNESS_MS,
      stallAfterMs: environment.STALL_AFTER_MS,
      pendingStallAfterMs: environment.PENDING_STALL_AFTER_MS,
    },
    store: { url: environment.STORE_URL, retentionMs: environment.DOWNLOAD_RETENTION * 1000 },
    links: toLinkConfig(environment),
    ...(environment.RATE_LIMIT === 'on' && {
      rateLimit: {
        perCaller: environment.RATE_LIMIT_PER_CALLER,
        perAddress: environment.RATE_LIMIT_PER_ADDRESS,
        create: environment.RATE_LIMIT_CREATE,
        failedLogins: environment.RATE_LIMIT_FAILED_LOGINS,
      },
    }),
    shutdownGraceMs: environment.SHUTDOWN_GRACE_MS,
    workers: toWorkers(environment.WORKERS),
    docs: environment.DOCS === 'on',
    metrics: environment.METRICS === 'on',
    ...(environment.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined && {
      otlpEndpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
    }),
    logLevel: environment.LOG_LEVEL,
    pacing: PACING,
  };
}

function toOAuth2Config(environment: Environment): OAuth2Config {
  const { ALFRESCO_OAUTH2_SCOPE: scope, ALFRESCO_OAUTH2_AUDIENCE: audience } = environment;
  return {
    tokenUrl: environment.ALFRESCO_OAUTH2_TOKEN_URL!,
    clientId: environment.ALFRESCO_OAUTH2_CLIENT_ID!,
    clientSecret: environment.ALFRESCO_OAUTH2_CLIENT_SECRET!,
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
  };
}

function toAuthConfig(
  environment: Environment,
  users: AuthConfig['users'],
  clientKey: ClientKey | undefined,
): AuthConfig {
  const { AUTH, OIDC_ISSUER: issuer, OIDC_USERNAME_CLAIM: usernameClaim } = environment;
  const schemes = SCHEMES.filter((scheme) => AUTH.includes(scheme));
  return {
    schemes,
    users,
    ...(schemes.includes('bearer') && {
      oidc: { issuer, audience: environment.OIDC_AUDIENCE, usernameClaim },
    }),
    ...(schemes.includes('session') && { session: toSessionConfig(environment, clientKey) }),
  };
}

function toSessionConfig(
  environment: Environment,
  clientKey: ClientKey | undefined,
): NonNullable<AuthConfig['session']> {
  const { OIDC_CLIENT_SECRET: clientSecret } = environment;
  const [newest = '', ...older] = environment.SESSION_SECRET.split(',');
  return {
    issuer: environment.OIDC_ISSUER,
    usernameClaim: environment.OIDC_USERNAME_CLAIM,
    clientId: environment.OIDC_CLIENT_ID,
    ...(clientSecret !== undefined && { clientSecret }),
    ...(clientKey !== undefined && { clientKey }),
    scope: environment.OIDC_SCOPE,
    secrets: [newest, ...older],
    idleMs: environment.SESSION_IDLE * 1000,
    maxMs: environment.SESSION_MAX * 1000,
    publicUrl: environment.PUBLIC_URL!.replace(/\/+$/, ''),
    sameSite: environment.SESSION_SAME_SITE,
  };
}

function toLinkConfig({ LINK_SECRET, LINK_TTL }: Environment): LinkConfig {
  const [newest = randomBytes(32).toString('base64url'), ...older] = LINK_SECRET?.split(',') ?? [];
  return { secrets: [newest, ...older], isEphemeral: !LINK_SECRET, ttlSeconds: LINK_TTL };
}

function toWorkers(text: string): number {
  return text === 'auto' ? Math.min(availableParallelism(), MAX_WORKERS) : Number(text);
}

function toTrustProxy(text: string): HttpConfig['trustProxy'] {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text.split(',');
}
