import { type JWTVerifyGetKey, errors, jwtVerify } from 'jose';
import type { SessionConfig } from '../../config/app-config.js';
import { CLOCK_TOLERANCE } from '../caller.js';
import { ALGORITHMS, isName } from '../token-verifier.js';
import type { SessionSelector } from './session-store.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds for which a token is good; the provider sends it at once. */
const MAX_AGE = 120;

/** Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
export class LogoutTokenVerifier {
  constructor(
    private readonly config: Pick<SessionConfig, 'issuer' | 'clientId'>,
    private readonly keyFor: JWTVerifyGetKey,
  ) {}

  /** Whose sessions end; `undefined` when the token is not valid. @throws ProblemException IDENTITY_PROVIDER_UNAVAILABLE */
  async verify(token: string): Promise<SessionSelector | undefined> {
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
      const { events, nonce, sub, sid } = payload;
      if (!isObject(events) || !isObject(events[EVENT]) || nonce !== undefined) return undefined;
      const subject = isName(sub) ? sub : undefined;
      if (isName(sid)) return { providerSession: sid, subject };
      return subject === undefined ? undefined : { subject };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
