import { type JWTVerifyGetKey, errors, jwtVerify } from 'jose';
import type { SessionConfig } from '../../config/app-config.js';
import { CLOCK_TOLERANCE } from '../caller.js';
import { ALGORITHMS, isName } from '../token-verifier.js';
import type { ProviderLogout } from './session-store.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds for which a token is good; the provider sends it at once. */
const MAX_AGE = 120;

/** Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
export class LogoutTokenVerifier {
  constructor(
    private readonly config: Pick<SessionConfig, 'issuer' | 'clientId'>,
    private readonly keyFor: JWTVerifyGetKey,
  ) {}

  /**
   * Which sessions end; `undefined` when the token is not valid. Not those that were issued after it: who sends it again, be
   * it the provider that has seen no response, does nothing to a log-in that came since (section 2.6, on `jti`).
   * @throws ProblemException IDENTITY_PROVIDER_UNAVAILABLE
   */
  async verify(token: string): Promise<ProviderLogout | undefined> {
    const { issuer, clientId } = this.config;
    try {
      const { payload } = await jwtVerify(token, this.keyFor, {
        issuer,
        audience: clientId,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE,
        maxTokenAge: MAX_AGE,
        requiredClaims: ['iat', 'jti', 'events'],
      });
      const { events, iat, nonce, sub, sid } = payload;
      if (!isObject(events) || !isObject(events[EVENT]) || nonce !== undefined) return undefined;
      const subject = isName(sub) ? sub : undefined;
      // The processes of a provider have a clock each.
      const issuedUntil = Math.floor((iat! + CLOCK_TOLERANCE) * 1000);
      if (isName(sid)) return { providerSession: sid, subject, issuedUntil };
      return subject === undefined ? undefined : { subject, issuedUntil };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
