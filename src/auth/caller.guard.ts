import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Optional,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import passport from 'passport';
import type { AuthConfig } from '../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { clientAddress, headerCount, pathOf } from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';
import { FailedLogins } from '../rate-limit/failed-logins.js';
import { AUTH_CONFIG } from './challenge.js';
import { StrictBasicStrategy } from './basic.strategy.js';
import { BearerStrategy } from './bearer.strategy.js';
import { ANONYMOUS, type AuthenticatedRequest, type Caller } from './caller.js';
import { CHALLENGE, type Challenge, schemeOf } from './challenge.js';
import { LinkSigner, linkOf } from './signed-link.js';
import { ProviderKeys } from './provider-keys.js';
import { RecentLogins } from './recent-logins.js';
import { PUBLIC } from './auth.decorators.js';
import { TokenVerifier } from './token-verifier.js';
import { UserDirectory } from './user-directory.js';

/**
 * Lets a request pass when its caller is known, and puts the caller on it.
 *
 * Passport is driven directly: the guard of `@nestjs/passport` registers strategies by name in one
 * registry for the whole process, where two applications would share their users.
 */
@Injectable()
export class CallerGuard implements CanActivate {
  private readonly passport = new passport.Authenticator();
  private readonly recent = new RecentLogins();
  private readonly directory: UserDirectory;

  constructor(
    private readonly reflector: Reflector,
    private readonly links: LinkSigner,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    @Inject(CHALLENGE) private readonly challenge: Challenge,
    @Inject(PACING_CONFIG) { auth }: Pick<Pacing, 'auth'>,
    @Optional() failedLogins?: FailedLogins,
  ) {
    const { users, oidc } = config;
    this.directory = new UserDirectory(users, undefined, failedLogins, auth);
    this.passport.use('basic', new StrictBasicStrategy(this.directory));
    if (oidc) {
      const { keyFor } = new ProviderKeys(oidc.issuer, auth);
      this.passport.use('bearer', new BearerStrategy(new TokenVerifier(oidc, keyFor)));
    }
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (
      this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()])
    ) {
      return true;
    }
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const link = linkOf(context);
    if (link !== undefined) {
      request.caller = this.links.verify(pathOf(request.url), link, request.headers).caller;
      return true;
    }
    // One with a ticket is known already, see `TicketGuard`.
    request.caller ??= this.config.schemes.length === 0 ? ANONYMOUS : this.recentCaller(request);
    return request.caller !== undefined || this.identify(request);
  }

  private recentCaller(request: AuthenticatedRequest): Caller | undefined {
    const { authorization } = request.headers;
    return authorization !== undefined && isOnce(request)
      ? this.recent.find(authorization)
      : undefined;
  }

  private async identify(request: AuthenticatedRequest): Promise<boolean> {
    request.caller = await this.authenticate(request);
    return true;
  }

  /** @throws ProblemException UNAUTHENTICATED, TOO_MANY_REQUESTS, IDENTITY_PROVIDER_UNAVAILABLE */
  private async authenticate(request: AuthenticatedRequest): Promise<Caller> {
    const { schemes } = this.config;
    const sent = schemeOf(request.headers);
    const scheme = schemes.find((accepted) => accepted === sent);
    const caller = scheme && isOnce(request) && (await this.callerOf(scheme, request));
    if (!caller) {
      throw new ProblemException('UNAUTHENTICATED', {
        headers: { 'www-authenticate': this.challenge(request.headers) },
      });
    }
    if (scheme === 'basic') {
      const until = this.directory.rememberedUntil(caller.name);
      this.recent.add(request.headers.authorization!, caller, until);
    }
    return caller;
  }

  private callerOf(
    scheme: 'basic' | 'bearer',
    request: AuthenticatedRequest,
  ): Promise<Caller | false> {
    return new Promise((resolve, reject) => {
      this.passport.authenticate(
        scheme,
        { session: false },
        (error: Error | null, user?: Caller | false) =>
          error ? reject(error) : resolve(user ?? false),
      )({ headers: request.headers, ip: clientAddress(request) }, undefined, reject);
    });
  }
}

function isOnce({ raw }: AuthenticatedRequest): boolean {
  return headerCount(raw, 'authorization') === 1;
}
