import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import type { AppConfig } from './config/app.config.js';
import { DownloadsModule } from './downloads/downloads.module.js';
import { HealthModule } from './health/health.module.js';
import { ProblemsModule } from './problems/problems.module.js';

/** Puts the service together from its configuration. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig): DynamicModule {
    const downloads = DownloadsModule.forRoot({
      ...config.downloads,
      alfresco: config.alfresco,
      store: config.store,
    });
    return {
      module: AppModule,
      imports: [
        ProblemsModule,
        AuthModule.forRoot(config.auth, config.links),
        downloads,
        HealthModule.forRoot(downloads),
      ],
    };
  }
}
