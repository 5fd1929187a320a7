import type { JWTVerifyGetKey } from 'jose';
import passport from 'passport';
import type { OidcConfig } from '../config/app-config.js';
import { PassportAuthenticator } from './authenticators.js';
import type { CallerTokens } from './caller-tokens.js';
import { TokenVerifier } from './token-verifier.js';

const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750, section 2.1): one token68 and nothing else. */
export function parseBearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}

type Request = { readonly headers: { readonly authorization?: string } };

/** Bearer tokens (RFC 6750) of an OpenID provider, as a strategy for Passport. */
export class BearerStrategy extends passport.Strategy {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly tokens: Pick<CallerTokens, 'remember'>,
  ) {
    super();
  }

  override authenticate(request: Request): void {
    const token = parseBearerToken(request.headers.authorization);
    if (token === undefined) return this.fail(401);
    this.verifier.verify(token).then(
      (caller) => {
        if (!caller) return this.fail(401);
        this.tokens.remember(caller, token);
        this.success(caller);
      },
      (error: unknown) => this.error(error),
    );
  }
}

/** Tokens of an OpenID provider. */
export function bearerAuthenticator(
  oidc: OidcConfig,
  keyFor: JWTVerifyGetKey,
  tokens: CallerTokens,
): PassportAuthenticator {
  return new PassportAuthenticator(
    'bearer',
    new BearerStrategy(new TokenVerifier(oidc, keyFor), tokens),
  );
}
