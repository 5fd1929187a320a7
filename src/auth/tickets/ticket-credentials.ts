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
