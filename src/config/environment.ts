import { IsIn, IsNotEmpty, IsOptional, Matches, ValidateIf } from 'class-validator';
import { LOG_LEVELS, type LogLevel } from './app-config.js';
import {
  IsHttpUrl,
  IsOriginList,
  IsTrustedProxies,
  IsWholeNumber,
} from './environment.validator.js';

// A new variable goes, in this order, to
// 1. `Environment` below: name, default, and a decorator whose message says what is allowed; to `SECRET_VARIABLES` if its
//    value is a secret, and to `FILE_VARIABLES` if it can be mounted as a file;
// 2. `AppConfig` in `app-config.ts`: what it is called in the code, and its unit;
// 3. `toAppConfig` in `config-loader.ts`, which turns one into the other; what depends on several variables is checked there;
// 4. `VARIABLES` in `variable-descriptions.ts`: meaning and unit, for `.env.example` and `docs/configuration.md`, which
//    `npm run configuration` writes.
// A time that no operator needs to change goes to `pacing.ts` instead.

const POSITIVE = 'must be a whole number of at least 1';

/** The longest time that a timer of Node takes; it turns a longer one into 1 ms. */
export const MAX_TIMER_MS = 2_147_483_647;
const MILLISECONDS = `must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}`;

export const MAX_WORKERS = 64;

const usesExchange = ({ ALFRESCO_ON_BEHALF_OF }: Environment) =>
  ALFRESCO_ON_BEHALF_OF === 'token-exchange';
const usesOAuth2 = (environment: Environment) =>
  environment.ALFRESCO_AUTH === 'oauth2' || usesExchange(environment);
const usesPassword = (environment: Environment) =>
  environment.ALFRESCO_ON_BEHALF_OF === 'off' && !usesOAuth2(environment);
const usesRemoteUser = (environment: Environment) =>
  environment.ALFRESCO_ON_BEHALF_OF === 'remote-user';
const usesBearer = ({ AUTH }: Environment) => AUTH.includes('bearer');
const usesSession = ({ AUTH }: Environment) => AUTH.includes('session');
const usesProvider = (environment: Environment) =>
  usesBearer(environment) || usesSession(environment);

/** One secret, or several. */
const SECRETS = /^[^,]{32,}(?:,[^,]{32,})*$/;
const SECRETS_MESSAGE =
  'must be at least 32 characters, or several such secrets, comma-separated, the newest first';

/** The environment variables with their defaults. The messages complete `NAME="value": ...`. */
export class Environment {
  @IsNotEmpty({ message: 'must be a host name or an IP address' })
  HOST = '127.0.0.1';

  @IsWholeNumber('must be a port number from 0 to 65535', 0, 65535)
  PORT = 3000;

  @IsOptional()
  @Matches(/^\/?(?!\.+(?:\/|$))[A-Za-z0-9._~-]+(?:\/(?!\.+(?:\/|$))[A-Za-z0-9._~-]+)*\/?$/, {
    message: 'must be path segments of [A-Za-z0-9._~-] joined by "/"',
  })
  API_PREFIX?: string;

  @ValidateIf((it: Environment) => usesSession(it) || it.PUBLIC_URL !== undefined)
  @IsNotEmpty({ message: 'is required for AUTH=session: where browsers see the service' })
  @IsHttpUrl('must be an http or https URL without credentials, query and fragment')
  PUBLIC_URL?: string;

  @IsTrustedProxies('must be true, false, a number of proxies, or their addresses (a.b.c.d/n,...)')
  TRUST_PROXY = 'false';

  @IsOptional()
  @IsOriginList('must be origins such as https://app.example.com, comma-separated, without a path')
  CORS_ORIGINS?: string;

  @IsNotEmpty({ message: 'is required, e.g. https://acs.example.com/alfresco' })
  @IsHttpUrl(
    'must be the root of the Alfresco web application, an http or https URL without user, query or fragment, e.g. https://acs.example.com/alfresco',
  )
  ALFRESCO_URL: string;

  @Matches(/^(?!\.+$)[A-Za-z0-9.-]+$/, {
    message: 'must be a tenant name of [A-Za-z0-9.-], or -default-',
  })
  ALFRESCO_TENANT = '-default-';

  @IsIn(['ticket', 'basic', 'oauth2'], { message: 'must be ticket, basic or oauth2' })
  ALFRESCO_AUTH: 'ticket' | 'basic' | 'oauth2' = 'ticket';

  @ValidateIf(usesPassword)
  @IsNotEmpty({ message: 'is required (or ALFRESCO_USERNAME_FILE)' })
  @Matches(/^[^:]*$/, { message: 'must not contain a colon (RFC 7617)' })
  ALFRESCO_USERNAME?: string;

  @ValidateIf(usesPassword)
  @IsNotEmpty({ message: 'is required (or ALFRESCO_PASSWORD_FILE)' })
  ALFRESCO_PASSWORD?: string;

  @ValidateIf(usesOAuth2)
  @IsNotEmpty({
    message: 'is required for ALFRESCO_AUTH=oauth2 and ALFRESCO_ON_BEHALF_OF=token-exchange',
  })
  @IsHttpUrl('must be the token endpoint, an http or https URL without user, query or fragment')
  ALFRESCO_OAUTH2_TOKEN_URL?: string;

  @ValidateIf(usesOAuth2)
  @IsNotEmpty({
    message: 'is required for ALFRESCO_AUTH=oauth2 and ALFRESCO_ON_BEHALF_OF=token-exchange',
  })
  ALFRESCO_OAUTH2_CLIENT_ID?: string;

  @ValidateIf(usesOAuth2)
  @IsNotEmpty({
    message:
      'is required for ALFRESCO_AUTH=oauth2 and ALFRESCO_ON_BEHALF_OF=token-exchange (or ALFRESCO_OAUTH2_CLIENT_SECRET_FILE)',
  })
  ALFRESCO_OAUTH2_CLIENT_SECRET?: string;

  @IsOptional()
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, {
    message: 'must be scopes joined by single blanks (RFC 6749, section 3.3)',
  })
  ALFRESCO_OAUTH2_SCOPE?: string;

  @ValidateIf(usesExchange)
  @IsNotEmpty({
    message: 'is required for ALFRESCO_ON_BEHALF_OF=token-exchange: whom the tokens are for',
  })
  ALFRESCO_OAUTH2_AUDIENCE?: string;

  @IsIn(['off', 'remote-user', 'token', 'token-exchange'], {
    message: 'must be off, remote-user, token or token-exchange',
  })
  ALFRESCO_ON_BEHALF_OF: 'off' | 'remote-user' | 'token' | 'token-exchange' = 'off';

  @IsOptional()
  ALFRESCO_CA_FILE?: string;

  @ValidateIf((it: Environment) => usesRemoteUser(it) || it.ALFRESCO_CLIENT_KEY_FILE !== undefined)
  @IsNotEmpty({
    message:
      'is required for ALFRESCO_ON_BEHALF_OF=remote-user and together with ALFRESCO_CLIENT_KEY_FILE',
  })
  ALFRESCO_CLIENT_CERT_FILE?: string;

  @ValidateIf((it: Environment) => usesRemoteUser(it) || it.ALFRESCO_CLIENT_CERT_FILE !== undefined)
  @IsNotEmpty({
    message:
      'is required for ALFRESCO_ON_BEHALF_OF=remote-user and together with ALFRESCO_CLIENT_CERT_FILE',
  })
  ALFRESCO_CLIENT_KEY_FILE?: string;

  @IsWholeNumber(MILLISECONDS, 1, MAX_TIMER_MS)
  ALFRESCO_CONNECT_TIMEOUT_MS = 2000;

  @IsWholeNumber(MILLISECONDS, 1, MAX_TIMER_MS)
  ALFRESCO_TIMEOUT_MS = 10_000;

  @IsWholeNumber(MILLISECONDS, 1, MAX_TIMER_MS)
  ALFRESCO_IDLE_TIMEOUT_MS = 30_000;

  @IsWholeNumber(POSITIVE, 1)
  ALFRESCO_MAX_CONNECTIONS = 128;

  @Matches(/^(?:auto|0*[1-9]\d{0,8})$/, { message: 'must be a whole number, at least 1, or auto' })
  MAX_TRANSFERS_PER_CALLER = 'auto';

  /** Ways to log in, in any order. */
  @Matches(
    /^(?:none|(?!.*\b(\w+)\b.*\b\1\b)(?:basic|bearer|session)(?:,(?:basic|bearer|session))*)$/,
    {
      message: 'must be basic, bearer, session, several of them such as basic,bearer, or none',
    },
  )
  AUTH = 'basic';

  @ValidateIf(usesProvider)
  @IsNotEmpty({ message: 'is required for AUTH=bearer and AUTH=session' })
  @IsHttpUrl('must be the issuer of the tokens, an http or https URL')
  OIDC_ISSUER: string;

  @ValidateIf(usesBearer)
  @IsNotEmpty({ message: 'is required for AUTH=bearer: the "aud" that tokens must have' })
  OIDC_AUDIENCE: string;

  @IsNotEmpty({ message: 'must be the name of a claim' })
  OIDC_USERNAME_CLAIM = 'preferred_username';

  @ValidateIf(usesSession)
  @IsNotEmpty({ message: 'is required for AUTH=session: as the provider knows this service' })
  OIDC_CLIENT_ID: string;

  @IsOptional()
  OIDC_CLIENT_SECRET?: string;

  @IsOptional()
  OIDC_CLIENT_KEY_FILE?: string;

  @Matches(/^(?=.*\bopenid\b)[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, {
    message: 'must be scopes joined by single blanks, with openid among them',
  })
  OIDC_SCOPE = 'openid profile';

  @ValidateIf(usesSession)
  @IsNotEmpty({ message: 'is required for AUTH=session' })
  @Matches(SECRETS, { message: SECRETS_MESSAGE })
  SESSION_SECRET: string;

  @IsWholeNumber('must be a whole number of seconds from 10 to 86400', 10, 86_400)
  SESSION_IDLE = 1800;

  @IsWholeNumber('must be a whole number of seconds from 10 to 2592000', 10, 2_592_000)
  SESSION_MAX = 36_000;

  @IsIn(['lax', 'none'], { message: 'must be lax or none' })
  SESSION_SAME_SITE: 'lax' | 'none' = 'lax';

  @IsOptional()
  USERS?: string;

  @IsOptional()
  USERS_FILE?: string;

  @Matches(/^(?:sqlite:.+|rediss?:\/\/.+)$/, {
    message: 'must be sqlite:PATH, sqlite::memory: or redis://HOST:PORT',
  })
  STORE_URL = 'sqlite:./data/downloads.db';

  @IsWholeNumber('must be a whole number of seconds of at least 60', 60)
  DOWNLOAD_RETENTION = 86_400;

  @IsOptional()
  @Matches(SECRETS, { message: SECRETS_MESSAGE })
  LINK_SECRET?: string;

  @IsWholeNumber('must be a whole number of seconds from 1 to 86400', 1, 86_400)
  LINK_TTL = 300;

  @IsIn(['on', 'off'], { message: 'must be on or off' })
  RATE_LIMIT: 'on' | 'off' = 'on';

  @IsWholeNumber(POSITIVE, 1)
  RATE_LIMIT_PER_CALLER = 1200;

  @IsWholeNumber(POSITIVE, 1)
  RATE_LIMIT_PER_ADDRESS = 2400;

  @IsWholeNumber(POSITIVE, 1)
  RATE_LIMIT_CREATE = 60;

  @IsWholeNumber(POSITIVE, 1)
  RATE_LIMIT_FAILED_LOGINS = 10;

  @IsWholeNumber(POSITIVE, 1)
  MAX_NODE_IDS = 1000;

  @IsWholeNumber('must be a whole number of bytes of at least 64', 64)
  MAX_BODY_BYTES = 65_536;

  @IsWholeNumber('must be a whole number of milliseconds from 0 to 2000', 0, 2000)
  STATUS_FRESHNESS_MS = 250;

  @IsWholeNumber(MILLISECONDS, 1, MAX_TIMER_MS)
  STALL_AFTER_MS = 120_000;

  @IsWholeNumber(MILLISECONDS, 1, MAX_TIMER_MS)
  PENDING_STALL_AFTER_MS = 1_800_000;

  @IsWholeNumber(
    `must be a whole number of milliseconds from 0 to ${MAX_TIMER_MS}`,
    0,
    MAX_TIMER_MS,
  )
  SHUTDOWN_GRACE_MS = 25_000;

  @Matches(/^(?:auto|[1-9]|[1-5]\d|6[0-4])$/, {
    message: `must be a whole number of processes from 1 to ${MAX_WORKERS}, or auto`,
  })
  WORKERS = '1';

  @IsIn(['on', 'off'], { message: 'must be on or off' })
  DOCS: 'on' | 'off' = 'on';

  @IsIn(['on', 'off'], { message: 'must be on or off' })
  METRICS: 'on' | 'off' = 'on';

  @IsOptional()
  @IsHttpUrl('must be the base of an OpenTelemetry collector, an http or https URL')
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL: LogLevel = 'log';
}

/** Variables whose value is never quoted in a message, even if it is wrong. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'ALFRESCO_USERNAME',
  'ALFRESCO_PASSWORD',
  'ALFRESCO_OAUTH2_CLIENT_SECRET',
  'OIDC_CLIENT_SECRET',
  'USERS',
  'STORE_URL',
  'LINK_SECRET',
  'SESSION_SECRET',
]);

/** Variables that can also be given as `NAME_FILE`, the path of a file that holds the value. */
export const FILE_VARIABLES = [
  'ALFRESCO_USERNAME',
  'ALFRESCO_PASSWORD',
  'ALFRESCO_OAUTH2_CLIENT_SECRET',
  'OIDC_CLIENT_SECRET',
  'STORE_URL',
  'LINK_SECRET',
  'SESSION_SECRET',
] as const;
