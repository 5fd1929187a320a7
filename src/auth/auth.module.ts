import { type DynamicModule, type FactoryProvider, Module, type Provider } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { AppConfig } from '../config/app-config.js';
import { type Authenticator, Authenticators, anonymousAuthenticator } from './authenticators.js';
import { BasicAuthenticator } from './basic.strategy.js';
import { bearerAuthenticator } from './bearer.strategy.js';
import { CallerGuard, CallerSource } from './caller.guard.js';
import { CHALLENGE, type Challenge, challengeFor } from './challenge.js';
import { LinkSigner } from './signed-link.js';
import { TicketAuthenticator } from './tickets/ticket-authenticator.js';
import { openTicketStore } from './tickets/ticket-store.factory.js';
import { TicketStore } from './tickets/ticket-store.js';
import { TicketsController } from './tickets/tickets.controller.js';
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
    return {
      module: AuthModule,
      global: true,
      imports:
        loginPath === undefined
          ? []
          : [RouterModule.register([{ path: loginPath, module: AuthModule }])],
      controllers: loginPath === undefined ? [] : [TicketsController],
      providers: [
        CallerGuard,
        callerSource(config),
        { provide: CHALLENGE, useValue: challengeFor(auth.schemes, http.apiPrefix) },
        { provide: LinkSigner, useValue: new LinkSigner(links) },
        {
          provide: UserDirectory,
          useFactory: (throttle?: LoginThrottle) =>
            new UserDirectory(auth.users, undefined, throttle, pacing.auth),
          inject: [{ token: LoginThrottle, optional: true }],
        },
        ...(loginPath === undefined ? [] : ticketProviders(config)),
      ],
      exports: [CallerGuard, CallerSource, CHALLENGE, LinkSigner],
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
 * Tickets are tried first, and the header of each scheme by one authenticator only, so that credentials of one kind are never
 * taken for wrong ones of another, which would count as a failed login.
 */
function callerSource({ auth: { schemes, oidc }, pacing }: AuthSettings): FactoryProvider {
  return {
    provide: CallerSource,
    useFactory: (challenge: Challenge, users: UserDirectory, tickets?: TicketsService) => {
      const authenticators: Authenticator[] = [];
      if (schemes.length === 0) authenticators.push(anonymousAuthenticator);
      if (tickets) authenticators.push(new TicketAuthenticator(tickets));
      if (schemes.includes('basic')) authenticators.push(new BasicAuthenticator(users));
      if (oidc) authenticators.push(bearerAuthenticator(oidc, pacing.auth));
      return new Authenticators(authenticators, challenge);
    },
    inject: [CHALLENGE, UserDirectory, { token: TicketsService, optional: true }],
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
