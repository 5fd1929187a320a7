import { type JWTVerifyGetKey, errors, importPKCS8, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import type { SessionConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { CLOCK_TOLERANCE } from '../caller.js';
import { providerUnavailable } from '../provider-discovery.js';
import { ALGORITHMS, isName } from '../token-verifier.js';

/** Seconds for which an access token is taken to be good whose lifetime the provider does not tell (RFC 6749, section 5.1). */
const UNKNOWN_LIFETIME = 60;

/** What a log-in that has begun needs at its end; secret until then. */
export interface LoginAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

/** What the provider gave for a code or a refresh token. */
export interface ProviderTokens {
  readonly accessToken: string;
  /** Milliseconds of the epoch. */
  readonly accessEndsAt: number;
  readonly refreshToken?: string;
}

/** Who has logged in, as the provider says. */
export interface LoggedIn extends ProviderTokens {
  readonly subject: string;
  readonly name: string;
  /** When the provider has said so, in milliseconds of the epoch by its own clock. */
  readonly issuedAt: number;
  /** Of the session at the provider, if it tells. */
  readonly providerSession?: string;
}

/** The provider does not give tokens for this: the code was used, the grant is over, the person has declined. */
export class GrantRefusedError extends Error {
  override readonly name = 'GrantRefusedError';

  /** @param code of the provider or of `openid-client`, fit for a log */
  constructor(readonly code: string) {
    super(`the provider gave no tokens: ${code}`);
  }
}

/**
 * The client of an OpenID provider: authorization code flow with PKCE, refresh and logout (`openid-client`).
 *
 * The provider is discovered when it is first needed, so that the service starts without it.
 */
export class OpenIdProvider {
  private configuration?: Promise<openid.Configuration>;
  private pausedUntil = 0;

  /** @param keyFor the keys of the provider */
  constructor(
    private readonly config: SessionConfig,
    private readonly pacing: Pick<Pacing['auth'], 'providerTimeoutMs' | 'providerPauseMs'>,
    private readonly keyFor: JWTVerifyGetKey,
  ) {}

  /** Begins a log-in: where the browser is to go. @throws ProblemException IDENTITY_PROVIDER_UNAVAILABLE */
  async begin(redirectUri: string): Promise<{ url: URL; attempt: LoginAttempt }> {
    const configuration = await this.discovered();
    const attempt = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      codeVerifier: openid.randomPKCECodeVerifier(),
      redirectUri,
    };
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.config.scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
    });
    return { url, attempt };
  }

  /**
   * Ends a log-in.
   * @param query of the request to the redirect URI
   * @throws GrantRefusedError, also for a foreign state, nonce or issuer, and without a name;
   *   ProblemException IDENTITY_PROVIDER_UNAVAILABLE
   */
  async finish(query: string, attempt: LoginAttempt): Promise<LoggedIn> {
    const configuration = await this.discovered();
    const url = new URL(attempt.redirectUri);
    url.search = query;
    return this.granted(async () => {
      const response = await openid.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: attempt.codeVerifier,
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      });
      await this.verifySignature(response.id_token!);
      const claims = response.claims()!;
      const { sub: subject, sid, iat } = claims;
      const { usernameClaim } = this.config;
      const name =
        claims[usernameClaim] ??
        (await userInfo(configuration, response.access_token, subject))?.[usernameClaim];
      if (!isName(subject) || !isName(name)) throw new GrantRefusedError('no_name');
      const providerSession = isName(sid) ? sid : undefined;
      const issuedAt = Math.floor(iat * 1000);
      return { ...toTokens(response), subject, name, issuedAt, providerSession };
    }, isLoginRefusal);
  }

  /**
   * @param subject whose token it is
   * @throws GrantRefusedError, also when the tokens are someone else's; ProblemException IDENTITY_PROVIDER_UNAVAILABLE
   */
  async refresh(refreshToken: string, subject: string): Promise<ProviderTokens> {
    const configuration = await this.discovered();
    return this.granted(async () => {
      const response = await openid.refreshTokenGrant(configuration, refreshToken);
      // OpenID Connect Core, section 12.2: an ID token need not be there.
      const { sub = subject } = response.claims() ?? {};
      if (sub !== subject) throw new GrantRefusedError('other_subject');
      return toTokens(response);
    }, isRefusal);
  }

  /**
   * Where the browser is to go to log out at the provider (OpenID Connect RP-Initiated Logout 1.0); `undefined` when the
   * provider has no such place, or is away. Without an `id_token_hint`: pages get no token, not even that one.
   */
  async logoutUrl(returnTo: string): Promise<string | undefined> {
    const configuration = await this.discovered().catch(() => undefined);
    if (!configuration?.serverMetadata().end_session_endpoint) return undefined;
    return openid.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: returnTo,
    }).href;
  }

  /**
   * `openid-client` trusts the connection to the token endpoint instead, as OpenID Connect Core, section 3.1.3.7, allows; but
   * TLS may end at a proxy in between.
   */
  private async verifySignature(idToken: string): Promise<void> {
    const { issuer, clientId: audience } = this.config;
    const checks = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE };
    try {
      await jwtVerify(idToken, this.keyFor, checks);
    } catch (error) {
      throw error instanceof errors.JOSEError ? new GrantRefusedError(safe(error.code)) : error;
    }
  }

  private async granted<T>(
    request: () => Promise<T>,
    isRefused: (error: unknown) => boolean,
  ): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof GrantRefusedError || error instanceof ProblemException) throw error;
      if (isRefused(error)) throw new GrantRefusedError(codeOf(error));
      // Not after an error that came: anyone can bring one along to the callback, or a code that the provider cannot read, and
      // nobody else could log in.
      if (isSilence(error)) this.pause();
      throw providerUnavailable(codeOf(error));
    }
  }

  /** Until it is over callers get their response at once, without another attempt. */
  private pause(): void {
    this.pausedUntil = Date.now() + this.pacing.providerPauseMs;
  }

  private discovered(): Promise<openid.Configuration> {
    if (Date.now() < this.pausedUntil) return Promise.reject(providerUnavailable('PAUSED'));
    this.configuration ??= this.discover().catch((error: unknown) => {
      this.configuration = undefined;
      this.pause();
      throw providerUnavailable(codeOf(error));
    });
    return this.configuration;
  }

  private async discover(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret, clientKey } = this.config;
    const authentication =
      clientKey === undefined
        ? openid.ClientSecretBasic(clientSecret)
        : openid.PrivateKeyJwt(await importPKCS8(clientKey.pem, clientKey.algorithm));
    const isPlain = new URL(issuer).protocol === 'http:';
    return openid.discovery(
      new URL(issuer),
      clientId,
      { [openid.clockTolerance]: CLOCK_TOLERANCE },
      authentication,
      {
        timeout: this.pacing.providerTimeoutMs / 1000,
        execute: isPlain ? [openid.allowInsecureRequests] : [],
      },
    );
  }
}

type TokenResponse = openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers;

function toTokens(response: TokenResponse): ProviderTokens {
  const lifetime = response.expiresIn() ?? UNKNOWN_LIFETIME;
  return {
    accessToken: response.access_token,
    accessEndsAt: Date.now() + lifetime * 1000,
    refreshToken: response.refresh_token,
  };
}

/** What the provider tells about the person, if it has such a place. */
async function userInfo(
  configuration: openid.Configuration,
  accessToken: string,
  subject: string,
): Promise<openid.UserInfoResponse | undefined> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return undefined;
  return openid.fetchUserInfo(configuration, accessToken, subject);
}

/**
 * Whether the provider, or the check of an ID token, says no: the same would be said again. What it says of this service, such
 * as `invalid_client`, is no fault of the person's, and what did not come or cannot be read says nothing.
 */
function isRefusal(error: unknown): boolean {
  // RFC 6749, section 5.2.
  if (error instanceof openid.ResponseBodyError) return error.error === 'invalid_grant';
  return error instanceof openid.ClientError && ID_TOKEN_CHECKS.has(String(error.code));
}

/** The same for the end of a log-in, to which the browser brings what the provider has said. */
function isLoginRefusal(error: unknown): boolean {
  if (error instanceof openid.AuthorizationResponseError) return !OUTAGES.has(error.error);
  // Of `openid-client`, for a state or an issuer (RFC 9207) that is not the one that was expected.
  const isForeign = error instanceof openid.ClientError && error.code === 'OAUTH_INVALID_RESPONSE';
  return isForeign || isRefusal(error);
}

/** Of the provider (RFC 6749, section 4.1.2.1). */
const OUTAGES: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);

/** Codes of `openid-client`, for a nonce, an issuer, an audience or a time that is not right. */
const ID_TOKEN_CHECKS: ReadonlySet<string> = new Set([
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
]);

/** Whether there was no response at all: `fetch` throws a TypeError with a cause. */
function isSilence(error: unknown): boolean {
  if (error instanceof TypeError) return error.cause !== undefined;
  return error instanceof openid.ClientError && error.code === 'OAUTH_TIMEOUT';
}

/** A short name for the log. Messages and causes of `openid-client` hold tokens and addresses. */
function codeOf(error: unknown): string {
  if (error instanceof openid.AuthorizationResponseError) return safe(error.error);
  if (error instanceof openid.ResponseBodyError) return safe(error.error);
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? safe(code) : error.name;
}

function safe(code: string): string {
  return /^[\w.-]{1,64}$/.test(code) ? code : 'unknown';
}
