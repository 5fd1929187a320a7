import { type DynamicModule, Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { PACING_CONFIG } from '../config/pacing.js';
import { AUTH_CONFIG, CHALLENGE, challengeFor } from './challenge.js';
import { LINK_CONFIG, LinkSigner } from './signed-link.js';
import { CallerGuard } from './caller.guard.js';

/** The guard that authenticates the caller of every route that is not `@Public()`, and what signs links. */
@Module({})
export class AuthModule {
  /** @param throttling the module that exports `FailedLogins`, if logins are throttled */
  static forRoot(
    { auth, http, links, pacing }: Pick<AppConfig, 'auth' | 'http' | 'links' | 'pacing'>,
    throttling: DynamicModule,
  ): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      imports: [throttling],
      providers: [
        { provide: AUTH_CONFIG, useValue: auth },
        { provide: CHALLENGE, useValue: challengeFor(auth.schemes, http.apiPrefix) },
        { provide: PACING_CONFIG, useValue: pacing },
        { provide: LINK_CONFIG, useValue: links },
        LinkSigner,
        CallerGuard,
      ],
      exports: [CallerGuard, CHALLENGE, LinkSigner],
    };
  }
}
