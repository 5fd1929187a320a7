import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { AuthConfig } from '../../config/app.config.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { AUTH_CONFIG } from '../auth.config.js';
import type { AuthenticatedRequest } from '../authenticated.request.js';
import { challenge } from '../challenge.js';
import { PUBLIC } from '../public.decorator.js';
import { ACCEPTS_TICKET } from './accepts-ticket.decorator.js';
import { parseTicketCredentials } from './ticket-credentials.js';
import { TicketsService } from './tickets.service.js';

/** Query parameter that carries a ticket. */
const TICKET_PARAMETER = 'alf_ticket';

/** A request whose caller may have come with a ticket in its header. */
export type TicketRequest = AuthenticatedRequest & { ticket?: string };

/**
 * Puts the caller of a ticket on the request. Comes before `CallerGuard`, to which it leaves requests without one.
 *
 * Wrong tickets are not counted as failed logins: there are too many to guess one, and a page whose ticket has ended
 * would lock out everyone who shares its address.
 */
@Injectable()
export class TicketGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tickets: TicketsService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @throws ProblemException UNAUTHENTICATED, STORE_UNAVAILABLE */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<TicketRequest>();
    const inQuery = this.ticketInQuery(request, context);
    if (inQuery !== undefined) request.caller = await this.tickets.callerOf(inQuery);
    // As in Alfresco: a ticket in the query that has ended leaves it to the header.
    if (!request.caller) await this.readHeader(request);
    return true;
  }

  private ticketInQuery(request: TicketRequest, context: ExecutionContext): string | undefined {
    if (!this.reflector.get<boolean>(ACCEPTS_TICKET, context.getHandler())) return undefined;
    const ticket = (request.query as Record<string, unknown>)[TICKET_PARAMETER];
    return typeof ticket === 'string' ? ticket : undefined;
  }

  private async readHeader(request: TicketRequest): Promise<void> {
    const ticket = parseTicketCredentials(request.headers.authorization);
    if (ticket === undefined) return;
    const isOnce = request.raw.headersDistinct.authorization?.length === 1;
    request.caller = isOnce ? await this.tickets.callerOf(ticket) : undefined;
    if (!request.caller) {
      throw new ProblemException('UNAUTHENTICATED', {
        headers: { 'www-authenticate': challenge(request.headers, this.config.schemes) },
      });
    }
    request.ticket = ticket;
  }
}
