import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { AuthConfig } from '../config/app.config.js';
import { AUTH_CONFIG } from './auth.config.js';
import { CallerGuard } from './caller.guard.js';

/** Authenticates the caller of every route that is not `@Public()`. */
@Module({})
export class AuthModule {
  static forRoot(config: AuthConfig): DynamicModule {
    return {
      module: AuthModule,
      providers: [
        { provide: AUTH_CONFIG, useValue: config },
        { provide: APP_GUARD, useClass: CallerGuard },
      ],
    };
  }
}
