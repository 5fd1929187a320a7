import { Controller, Get, Header, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { Public, CurrentCaller } from '../auth.decorators.js';
import type { SessionConfig } from '../../config/app-config.js';
import type { HttpReply } from '../../http/http-reply.js';
import type { HttpRequest } from '../../http/http-request.js';
import {
  ProblemException,
  type ProblemOptions,
  type WayOut,
} from '../../problems/problem.exception.js';
import type { Caller } from '../caller.js';
import { LogoutTokenVerifier } from './logout-token-verifier.js';
import { GrantRefusedError, OpenIdProvider } from './openid-provider.js';
import { requireCustomHeader } from './session-authenticator.js';
import { SessionCookies } from './session-cookies.js';
import { LogoutDto, SessionDto } from './session.dto.js';
import { SESSION_CONFIG, SessionsService } from './sessions.service.js';

/** The route to which an OpenID provider sends a form. */
export const BACKCHANNEL_LOGOUT = '/auth/backchannel-logout';

/** Of the controller; they are where they are, whatever API_PREFIX is. */
export const SESSION_ROUTES = ['login', 'callback', 'session', 'logout', 'backchannel-logout'].map(
  (name) => `auth/${name}`,
);

/** The log-in of browsers, at an OpenID provider. Only with `AUTH=session`. */
@Controller('auth')
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly provider: OpenIdProvider,
    private readonly cookies: SessionCookies,
    private readonly logoutTokens: LogoutTokenVerifier,
    @Inject(SESSION_CONFIG) private readonly config: SessionConfig,
  ) {}

  @Get('login')
  @Public()
  @HttpCode(303)
  @Header('cache-control', 'no-store')
  async login(
    @Query('returnTo') returnTo: unknown,
    @Req() { headers }: HttpRequest,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<void> {
    const path = ownPath(returnTo ?? '/');
    const { url, attempt } = await this.provider.begin(`${this.config.publicUrl}/auth/callback`);
    redirect(
      reply,
      url.href,
      ...this.cookies.noAbandonedLogins(headers.cookie),
      this.cookies.login({ ...attempt, returnTo: path }),
    );
  }

  @Get('callback')
  @Public()
  @HttpCode(303)
  @Header('cache-control', 'no-store')
  async callback(
    @Query('state') state: unknown,
    @Req() { originalUrl, headers }: HttpRequest,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<void> {
    const pending =
      typeof state === 'string' ? this.cookies.loginIn(headers.cookie, state) : undefined;
    // Also someone else's log-in, in which this browser is to go on as them (RFC 9700, section 4.7).
    if (!pending) {
      throw loginFailed('This browser has not begun this log-in, or too long ago.', {
        waysOut: [this.anotherLogin()],
      });
    }
    const query = new URL(originalUrl, this.config.publicUrl).search;
    try {
      const former = this.cookies.sessionIn(headers.cookie);
      const { id } = await this.sessions.logIn(query, pending, former);
      redirect(
        reply,
        this.onHost(pending.returnTo),
        this.cookies.session(id),
        this.cookies.noLogin(pending.state),
      );
    } catch (error) {
      if (!(error instanceof GrantRefusedError)) throw error;
      throw loginFailed('The provider has not confirmed it.', {
        diagnosis: error.code,
        headers: { 'set-cookie': this.cookies.noLogin(pending.state) },
        waysOut: [
          this.anotherLogin(pending.returnTo),
          { text: 'Go back without a log-in', href: this.onHost(pending.returnTo) },
        ],
      });
    }
  }

  @Get('session')
  @Header('cache-control', 'no-store')
  async session(@CurrentCaller() caller: Caller): Promise<SessionDto> {
    const ends = caller.session && (await this.sessions.endOf(caller.session));
    if (!ends) throw new ProblemException('UNAUTHENTICATED');
    return {
      name: caller.name,
      id: caller.id,
      expiresAt: new Date(ends.idleEndsAt).toISOString(),
      endsAt: new Date(ends.endsAt).toISOString(),
    };
  }

  @Post('logout')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async logout(
    @Req() { headers }: HttpRequest,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<LogoutDto> {
    const id = this.cookies.sessionIn(headers.cookie);
    if (id !== undefined) {
      requireCustomHeader(headers);
      await this.sessions.logOut(id);
    }
    reply.header('set-cookie', this.cookies.noSession());
    if (id === undefined) return {};
    return { logoutUrl: await this.provider.logoutUrl(`${this.config.publicUrl}/`) };
  }

  @Post('backchannel-logout')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async backchannelLogout(@Req() { body }: { readonly body?: unknown }): Promise<void> {
    const token = body instanceof URLSearchParams ? body.get('logout_token') : null;
    const selector = token === null ? undefined : await this.logoutTokens.verify(token);
    if (!selector) {
      throw new ProblemException('VALIDATION_FAILED', {
        errors: [{ parameter: 'logout_token', detail: 'must be a valid logout token' }],
      });
    }
    await this.sessions.end(selector, 'backchannel');
  }

  /** @param path see `ownPath` */
  private onHost(path: string): string {
    return new URL(path, this.config.publicUrl).href;
  }

  private anotherLogin(returnTo = '/'): WayOut {
    const query = `returnTo=${encodeURIComponent(returnTo)}`;
    return { text: 'Log in again', href: `${this.config.publicUrl}/auth/login?${query}` };
  }
}

/**
 * A path of this host. What browsers take for another host after their own repairs is none: `//host`, `/\host`, and either
 * behind a tab or a line feed (https://url.spec.whatwg.org/#concept-basic-url-parser).
 *
 * @throws ProblemException VALIDATION_FAILED
 */
function ownPath(returnTo: unknown): string {
  if (
    typeof returnTo === 'string' &&
    Buffer.byteLength(returnTo) <= 1024 &&
    /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(returnTo) &&
    new URL(returnTo, 'http://own.invalid').host === 'own.invalid'
  ) {
    return returnTo;
  }
  throw new ProblemException('VALIDATION_FAILED', {
    errors: [
      { parameter: 'returnTo', detail: 'must be a path of this host, such as /downloads-page' },
    ],
  });
}

function redirect(reply: HttpReply, location: string, ...cookies: string[]): void {
  reply.header('location', location);
  for (const cookie of cookies) reply.header('set-cookie', cookie);
}

function loginFailed(detail: string, options: ProblemOptions = {}): ProblemException {
  return new ProblemException('LOGIN_FAILED', { ...options, detail });
}
