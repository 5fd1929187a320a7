import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { AuthConfig, LinkConfig } from '../config/app.config.js';
import { AUTH_CONFIG } from './auth.config.js';
import { LINK_CONFIG, LinkSigner } from './link.signer.js';
import { CallerGuard } from './caller.guard.js';

/** Authenticates the caller of every route that is not `@Public()`. */
@Module({})
export class AuthModule {
  static forRoot(config: AuthConfig, links: LinkConfig): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      providers: [
        { provide: AUTH_CONFIG, useValue: config },
        { provide: LINK_CONFIG, useValue: links },
        LinkSigner,
        { provide: APP_GUARD, useClass: CallerGuard },
      ],
      exports: [LinkSigner],
    };
  }
}
