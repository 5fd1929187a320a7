import type { FastifyRequest } from 'fastify';
import type { Authentication, Authenticator } from '../authenticators.js';
import type { Caller } from '../caller.js';
import type { TicketsService } from './tickets.service.js';

/** Query parameter that carries a ticket. */
export const TICKET_PARAMETER = 'alf_ticket';

/** A request that may have come with a ticket. */
export type TicketRequest = FastifyRequest & { ticket?: string };

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

/**
 * Tickets of this service. Tried before names and passwords, which share their scheme: a ticket would be a wrong password.
 *
 * As in Alfresco, a ticket in the query counts on every route, also on those that change something: a page of another site
 * can have a browser follow an address, but does not know the ticket that has to be in it.
 *
 * Wrong tickets are not counted as failed logins: there are too many to guess one, and a page whose ticket has ended
 * would lock out everyone who shares its address.
 */
export class TicketAuthenticator implements Authenticator {
  constructor(private readonly tickets: TicketsService) {}

  /** @throws ProblemException STORE_UNAVAILABLE */
  authenticate(
    request: TicketRequest,
    authorization: string | undefined,
  ): Authentication | Promise<Authentication> {
    const inQuery = (request.query as Record<string, unknown>)[TICKET_PARAMETER];
    const inHeader = parseTicketCredentials(authorization);
    if (typeof inQuery === 'string') return this.fromQuery(request, inQuery, inHeader);
    return inHeader === undefined ? undefined : this.fromHeader(request, inHeader);
  }

  /** As in Alfresco: a ticket in the query that has ended leaves it to the header. */
  private async fromQuery(
    request: TicketRequest,
    inQuery: string,
    inHeader: string | undefined,
  ): Promise<Authentication> {
    const caller = await this.holderOf(request, inQuery);
    if (caller || inHeader === undefined) return caller;
    return this.fromHeader(request, inHeader);
  }

  private async fromHeader(request: TicketRequest, ticket: string): Promise<Caller | false> {
    return (await this.holderOf(request, ticket)) ?? false;
  }

  private async holderOf(request: TicketRequest, ticket: string): Promise<Caller | undefined> {
    const caller = await this.tickets.callerOf(ticket);
    if (!caller) return undefined;
    request.ticket = ticket;
    return { ...caller, isLoggedIn: () => this.tickets.isAlive(ticket) };
  }
}
