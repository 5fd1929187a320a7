import { type DynamicModule, type FactoryProvider, Module, type Provider } from '@nestjs/common';
import type { JWTVerifyGetKey } from 'jose';
import type { AppConfig, SessionConfig } from '../config/app-config.js';
import { CHALLENGE, type Challenge } from '../problems/problem.filter.js';
import { challengeFor } from './challenge.js';
import { type Authenticator, Authenticators, anonymousAuthenticator } from './authenticators.js';
import { BasicAuthenticator } from './basic.strategy.js';
import { bearerAuthenticator } from './bearer.strategy.js';
import { CallerGuard, CallerSource } from './caller.guard.js';
import { CallerTokens } from './caller-tokens.js';
import { ProviderKeys, ProviderProbe } from './provider-discovery.js';
import { LogoutTokenVerifier } from './session/logout-token-verifier.js';
import { OpenIdProvider } from './session/openid-provider.js';
import { SessionAuthenticator } from './session/session-authenticator.js';
import { SessionCookies } from './session/session-cookies.js';
import { SessionEvents } from './session/session-events.js';
import { SessionStore } from './session/session-store.js';
import { SessionSweep } from './session/session-sweep.js';
import { openSessionStore, openTicketStore } from './stores.js';
import { SessionsController } from './session/sessions.controller.js';
import { SESSION_CONFIG, SessionsService } from './session/sessions.service.js';
import { LinkSigner } from './signed-link.js';
import { TicketAuthenticator } from './tickets/ticket-authenticator.js';
import { TicketStore } from './tickets/ticket-store.js';
import { TicketsModule } from './tickets/tickets.module.js';
import { ticketsPath } from './tickets/tickets-path.js';
import { TicketsService } from './tickets/tickets.service.js';
import { LoginThrottle, UserDirectory } from './user-directory.js';

type AuthSettings = Pick<AppConfig, 'auth' | 'http' | 'links' | 'pacing' | 'store'>;

/**
 * Who is calling the service. Provides `CallerGuard`, which finds out, and what signs links; under Alfresco's path, also the
 * routes where Alfresco's clients log in and out.
 *
 * Failed logins are limited if a `LoginThrottle` is provided.
 */
@Module({})
export class AuthModule {
  /** @throws ConfigurationError when the store of tickets cannot be used */
  static forRoot(config: AuthSettings): DynamicModule {
    const { auth, http, links, pacing } = config;
    const loginPath = ticketsPath(config);
    const issuer = (auth.oidc ?? auth.session)?.issuer;
    // One set of keys for bearer tokens, ID tokens and logout tokens.
    const keyFor = issuer === undefined ? undefined : new ProviderKeys(issuer, pacing.auth).keyFor;
    return {
      module: AuthModule,
      global: true,
      imports: loginPath === undefined ? [] : [TicketsModule.at(loginPath)],
      controllers: auth.session ? [SessionsController] : [],
      providers: [
        CallerGuard,
        callerSource(config, keyFor),
        { provide: CHALLENGE, useValue: challengeFor(auth.schemes, http.apiPrefix) },
        { provide: LinkSigner, useValue: new LinkSigner(links) },
        {
          provide: UserDirectory,
          useFactory: (throttle?: LoginThrottle) =>
            new UserDirectory(auth.users, undefined, throttle, pacing.auth),
          inject: [{ token: LoginThrottle, optional: true }],
        },
        ...(loginPath === undefined ? [] : ticketProviders(config)),
        ...(issuer === undefined
          ? []
          : [{ provide: ProviderProbe, useValue: new ProviderProbe(issuer, pacing.health) }]),
        ...(auth.session ? sessionProviders(auth.session, config, keyFor!) : []),
        {
          provide: CallerTokens,
          useFactory: (sessions?: SessionsService) => new CallerTokens(sessions),
          inject: [{ token: SessionsService, optional: true }],
        },
      ],
      exports: [
        CallerGuard,
        CallerSource,
        CallerTokens,
        CHALLENGE,
        LinkSigner,
        ...(loginPath === undefined ? [] : [TicketsService]),
        ...(issuer === undefined ? [] : [ProviderProbe]),
        ...(auth.session ? [SessionEvents] : []),
      ],
    };
  }
}

/**
 * The credentials that are accepted, in the order in which they are tried.
 *
 * Two kinds of tokens, for two kinds of clients. A bearer token comes from an OpenID provider, is verified without a lookup,
 * and ends by itself: for clients that have one. A ticket is this service's own, for clients written for Alfresco: they log in
 * with a password, put the ticket into addresses, which have no header, and end it with a logout, for which it has to be
 * stored. A ticket that is given for a token ends with the token.
 *
 * The cookie of a session is tried first, since a header beside it is an error; then tickets, and the header of each scheme by one authenticator only, so that credentials of one kind are never
 * taken for wrong ones of another, which would count as a failed login.
 */
function callerSource(
  { auth: { schemes, oidc } }: AuthSettings,
  keyFor: JWTVerifyGetKey | undefined,
): FactoryProvider {
  return {
    provide: CallerSource,
    useFactory: (
      challenge: Challenge,
      users: UserDirectory,
      tokens: CallerTokens,
      tickets?: TicketsService,
      sessions?: SessionsService,
      cookies?: SessionCookies,
    ) => {
      const authenticators: Authenticator[] = [];
      if (sessions && cookies) authenticators.push(new SessionAuthenticator(sessions, cookies));
      if (schemes.length === 0) authenticators.push(anonymousAuthenticator);
      if (tickets) authenticators.push(new TicketAuthenticator(tickets));
      if (schemes.includes('basic')) authenticators.push(new BasicAuthenticator(users));
      if (oidc) authenticators.push(bearerAuthenticator(oidc, keyFor!, tokens));
      return new Authenticators(authenticators, challenge);
    },
    inject: [
      CHALLENGE,
      UserDirectory,
      CallerTokens,
      ...[TicketsService, SessionsService, SessionCookies].map((token) => ({
        token,
        optional: true,
      })),
    ],
  };
}

function ticketProviders({ auth, store, pacing }: AuthSettings): Provider[] {
  return [
    // Opened here, so that a start fails with one message when it cannot be.
    { provide: TicketStore, useValue: openTicketStore(store, pacing.store) },
    {
      provide: TicketsService,
      useFactory: (ticketStore: TicketStore, users: UserDirectory) =>
        new TicketsService(auth, ticketStore, users),
      inject: [TicketStore, UserDirectory],
    },
  ];
}

function sessionProviders(
  session: SessionConfig,
  { store, pacing }: AuthSettings,
  keyFor: JWTVerifyGetKey,
): Provider[] {
  return [
    { provide: SESSION_CONFIG, useValue: session },
    { provide: SessionCookies, useValue: new SessionCookies(session) },
    { provide: OpenIdProvider, useValue: new OpenIdProvider(session, pacing.auth, keyFor) },
    { provide: SessionEvents, useValue: new SessionEvents() },
    { provide: SessionStore, useValue: openSessionStore(store, pacing.store) },
    {
      provide: SessionsService,
      useFactory: (sessions: SessionStore, provider: OpenIdProvider, events: SessionEvents) =>
        new SessionsService(session, sessions, provider, pacing.auth, events),
      inject: [SessionStore, OpenIdProvider, SessionEvents],
    },
    {
      provide: SessionSweep,
      useFactory: (sessions: SessionStore, events: SessionEvents) =>
        new SessionSweep(sessions, events, pacing.auth),
      inject: [SessionStore, SessionEvents],
    },
    {
      provide: LogoutTokenVerifier,
      useValue: new LogoutTokenVerifier(session, keyFor),
    },
  ];
}
