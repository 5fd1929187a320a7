import { type DynamicModule, Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { TicketsController } from './tickets.controller.js';

/**
 * The routes of tickets, beside those of the API. In a module of their own, since Nest puts all controllers of a module below its
 * path, and browsers log in at the root. `AuthModule` provides what they need.
 */
@Module({ controllers: [TicketsController] })
export class TicketsModule {
  /** @param path see `ticketsPath` */
  static at(path: string): DynamicModule {
    const module = TicketsModule;
    return { module, imports: [RouterModule.register([{ path, module }])] };
  }
}
