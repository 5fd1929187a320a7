import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { KnownRequest } from './api-key.guard.js';

/** A route of the application itself. */
@Controller('who-am-i')
export class WhoAmIController {
  @Get()
  @ApiOkResponse({ schema: { type: 'object', properties: { user: { type: 'string' } } } })
  get(@Req() { user }: KnownRequest): { user?: string } {
    return { user };
  }
}
