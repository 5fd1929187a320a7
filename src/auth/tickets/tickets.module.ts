import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { AppConfig } from '../../config/app-config.js';
import { PACING_CONFIG } from '../../config/pacing.js';
import { AUTH_CONFIG } from '../challenge.js';
import { TicketGuard } from './ticket.guard.js';
import { TicketStore } from './ticket-store.js';
import { openTicketStore } from './ticket-store.factory.js';
import { TicketsController } from './tickets.controller.js';
import { TicketsService } from './tickets.service.js';

/** Logging in and out as Alfresco's clients do. Exports the guard that knows a caller by a ticket. */
@Module({})
export class TicketsModule implements OnApplicationShutdown {
  constructor(private readonly store: TicketStore) {}

  /**
   * @param path under which the routes are, see `ticketsPath`
   * @param throttling the module that exports `FailedLogins`, if logins are throttled
   * @throws ConfigurationError when the store cannot be used
   */
  static forRoot(
    path: string,
    { auth, store, pacing }: Pick<AppConfig, 'auth' | 'store' | 'pacing'>,
    throttling: DynamicModule,
  ): DynamicModule {
    return {
      module: TicketsModule,
      imports: [throttling, RouterModule.register([{ path, module: TicketsModule }])],
      controllers: [TicketsController],
      providers: [
        { provide: AUTH_CONFIG, useValue: auth },
        { provide: PACING_CONFIG, useValue: pacing },
        { provide: TicketStore, useValue: openTicketStore(store, pacing.store) },
        TicketsService,
        TicketGuard,
      ],
      exports: [TicketGuard],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
