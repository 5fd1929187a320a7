import {
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  errors,
  jwtVerify,
} from 'jose';
import type { OidcConfig } from '../config/app-config.js';
import { ProblemException } from '../problems/problem.exception.js';
import { CLOCK_TOLERANCE, type Caller, callerIdAt } from './caller.js';

/** Signatures with a private key only. A token with an HMAC could be signed with the public key (RFC 8725, 2.1). */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** The claim `typ` of other tokens of Keycloak. */
const OTHER_TYPES = new Set(['ID', 'Logout', 'Offline', 'Refresh']);
/** Claims of ID tokens and of logout tokens. Not `nonce`, which access tokens of Keycloak had until its version 24. */
const OTHER_CLAIMS = ['at_hash', 'c_hash', 'events'];

/** OpenID Connect Core 1.0, section 2, for "sub". */
const MAX_NAME_LENGTH = 255;

/**
 * Verifies tokens of an OpenID provider.
 *
 * Results are not remembered: a signature costs some ten microseconds, and a token that is verified each time
 * cannot outlive its expiry or its key.
 */
export class TokenVerifier {
  constructor(
    private readonly oidc: OidcConfig,
    private readonly keyFor: JWTVerifyGetKey,
  ) {}

  /**
   * The caller whose token it is; `undefined` when it is not valid.
   *
   * @throws ProblemException IDENTITY_PROVIDER_UNAVAILABLE
   */
  async verify(token: string): Promise<Caller | undefined> {
    const { issuer, audience, usernameClaim } = this.oidc;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.keyFor, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ['exp', 'sub', usernameClaim],
      });
      return isAccessToken(protectedHeader, payload) ? this.toCaller(payload) : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      if (error instanceof ProblemException) throw error;
      // A key of the provider that cannot be used, e.g. one that is too short.
      throw new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE', {
        headers: { 'retry-after': '60' },
        diagnosis: error instanceof Error ? `unusable key: ${error.message}` : undefined,
      });
    }
  }

  private toCaller({ sub, exp, ...claims }: JWTPayload): Caller | undefined {
    const { issuer, usernameClaim } = this.oidc;
    const name = usernameClaim === 'sub' ? sub : claims[usernameClaim];
    if (!isName(sub) || !isName(name)) return undefined;
    // `exp` may have a fraction (RFC 7519, section 2); the stores count whole milliseconds.
    return { id: callerIdAt(issuer, sub), name, expiresAt: Math.floor(exp! * 1000) };
  }
}

/**
 * Providers sign ID tokens (OpenID Connect Core, section 2) and logout tokens (Back-Channel Logout, section 2.4) with the same
 * keys. An access token may say that it is one (RFC 9068, section 2.1); most do not.
 */
function isAccessToken({ typ = 'JWT' }: JWTHeaderParameters, claims: JWTPayload): boolean {
  const isOfOtherType =
    !/^(?:application\/)?(?:at\+)?jwt$/i.test(typ) || OTHER_TYPES.has(claims.typ as string);
  return !isOfOtherType && !OTHER_CLAIMS.some((name) => claims[name] !== undefined);
}

/** Whether it is one that may go into log lines, headers and keys of the store. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= MAX_NAME_LENGTH &&
    // In UTF-8 all halves of surrogate pairs are the same character, and their owners would be one.
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}
