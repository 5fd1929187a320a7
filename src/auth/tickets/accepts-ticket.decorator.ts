import { SetMetadata } from '@nestjs/common';

export const ACCEPTS_TICKET = 'auth:accepts-ticket';

/**
 * Lets a ticket in the query (`alf_ticket`) stand in for credentials on this route, as in the addresses of content
 * that Alfresco's clients make. Only for routes that change nothing: a page of anyone can have a browser follow an address.
 */
export const AcceptsTicket = () => SetMetadata(ACCEPTS_TICKET, true);
