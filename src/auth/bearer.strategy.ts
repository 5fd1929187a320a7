import passport from 'passport';
import { parseBearerToken } from './bearer-token.js';
import type { TokenVerifier } from './token-verifier.js';

type Request = { readonly headers: { readonly authorization?: string } };

/** Bearer tokens (RFC 6750) of an OpenID provider, as a strategy for Passport. */
export class BearerStrategy extends passport.Strategy {
  constructor(private readonly verifier: TokenVerifier) {
    super();
  }

  override authenticate(request: Request): void {
    const token = parseBearerToken(request.headers.authorization);
    if (token === undefined) return this.fail(401);
    this.verifier.verify(token).then(
      (caller) => (caller ? this.success(caller) : this.fail(401)),
      (error: unknown) => this.error(error),
    );
  }
}
