import { type DynamicModule, Module } from '@nestjs/common';
import type { AuthConfig } from '../config/app.config.js';
import { AUTH_CONFIG } from './auth.config.js';
import { CallerGuard } from './caller.guard.js';

/** Exports the guard that authenticates the caller of every route that is not `@Public()`. */
@Module({})
export class AuthModule {
  /** @param throttling the module that exports `FailedLogins`, if logins are throttled */
  static forRoot(config: AuthConfig, throttling: DynamicModule): DynamicModule {
    return {
      module: AuthModule,
      imports: [throttling],
      providers: [{ provide: AUTH_CONFIG, useValue: config }, CallerGuard],
      exports: [CallerGuard],
    };
  }
}
