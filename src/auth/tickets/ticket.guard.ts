import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { headerCount } from '../../http/http-request.js';
import { ProblemException } from '../../problems/problem.exception.js';
import type { AuthenticatedRequest } from '../caller.js';
import { CHALLENGE, type Challenge } from '../challenge.js';
import { PUBLIC } from '../auth.decorators.js';
import { TicketsService } from './tickets.service.js';

/** The forms in which Alfresco takes a ticket in place of name and password. */
const TICKET = /^(?:(?:role_ticket)?:)?(ticket_[^:]*)$/i;

/**
 * The ticket in an `Authorization: Basic` header: `ROLE_TICKET:TICKET_…`, `:TICKET_…` or the ticket alone, in base64.
 * Also one that has ended, or is misspelt; `undefined` for a name and a password.
 */
export function parseTicketCredentials(header: string | undefined): string | undefined {
  const encoded = header && /^basic +(\S+) *$/i.exec(header)?.[1];
  return encoded ? TICKET.exec(Buffer.from(encoded, 'base64').toString('latin1'))?.[1] : undefined;
}

/** Query parameter that carries a ticket. */
export const TICKET_PARAMETER = 'alf_ticket';

/** A request whose caller may have come with a ticket. */
export type TicketRequest = AuthenticatedRequest & { ticket?: string };

/**
 * Puts the caller of a ticket on the request. Comes before `CallerGuard`, to which it leaves requests without one.
 *
 * As in Alfresco, a ticket in the query counts on every route, also on those that change something: a page of another site
 * can have a browser follow an address, but does not know the ticket that has to be in it.
 *
 * Wrong tickets are not counted as failed logins: there are too many to guess one, and a page whose ticket has ended
 * would lock out everyone who shares its address.
 */
@Injectable()
export class TicketGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tickets: TicketsService,
    @Inject(CHALLENGE) private readonly challenge: Challenge,
  ) {}

  /** @throws ProblemException UNAUTHENTICATED, STORE_UNAVAILABLE */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<TicketRequest>();
    const inQuery = (request.query as Record<string, unknown>)[TICKET_PARAMETER];
    if (typeof inQuery === 'string') await this.identify(request, inQuery);
    // As in Alfresco: a ticket in the query that has ended leaves it to the header.
    if (!request.caller) await this.readHeader(request);
    return true;
  }

  private async readHeader(request: TicketRequest): Promise<void> {
    const ticket = parseTicketCredentials(request.headers.authorization);
    if (ticket === undefined) return;
    if (headerCount(request.raw, 'authorization') === 1) await this.identify(request, ticket);
    if (!request.caller) {
      throw new ProblemException('UNAUTHENTICATED', {
        headers: { 'www-authenticate': this.challenge(request.headers) },
      });
    }
  }

  private async identify(request: TicketRequest, ticket: string): Promise<void> {
    const caller = await this.tickets.callerOf(ticket);
    if (!caller) return;
    request.caller = { ...caller, isLoggedIn: () => this.tickets.isAlive(ticket) };
    request.ticket = ticket;
  }
}
