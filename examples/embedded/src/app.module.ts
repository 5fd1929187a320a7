import { Module } from '@nestjs/common';
import { APP_GUARD, RouterModule } from '@nestjs/core';
import { DownloadsModule } from 'alfresco-downloads-bff';
import { ApiKeyGuard, type KnownRequest } from './api-key.guard.js';
import { MemoryRegistry } from './memory-registry.js';
import { WhoAmIController } from './who-am-i.controller.js';

@Module({ providers: [MemoryRegistry], exports: [MemoryRegistry] })
class StoreModule {}

/** An application with its own users that includes the downloads API. */
@Module({
  imports: [
    DownloadsModule.forRootAsync({
      imports: [StoreModule],
      inject: [MemoryRegistry],
      useFactory: (store: MemoryRegistry) => ({
        alfresco: {
          url: process.env.ALFRESCO_URL ?? 'http://127.0.0.1:8080/alfresco',
          username: process.env.ALFRESCO_USERNAME,
          password: process.env.ALFRESCO_PASSWORD,
        },
        store,
        callerOf: ({ user }: KnownRequest) =>
          user === undefined ? undefined : { id: `key:${user}`, name: user },
      }),
    }),
    // /api/archive/downloads
    RouterModule.register([{ path: 'archive', module: DownloadsModule }]),
  ],
  controllers: [WhoAmIController],
  providers: [{ provide: APP_GUARD, useClass: ApiKeyGuard }],
})
export class AppModule {}
