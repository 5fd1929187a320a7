import { parseTicketCredentials } from './ticket-authenticator.js';

const TICKET = `TICKET_${'0a'.repeat(20)}`;

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('the ticket in an Authorization header', () => {
  it.each([
    ['behind ROLE_TICKET, as js-api sends it', basic(`ROLE_TICKET:${TICKET}`), TICKET],
    ['behind role_ticket', basic(`role_ticket:${TICKET}`), TICKET],
    ['behind no name', basic(`:${TICKET}`), TICKET],
    ['alone', basic(TICKET), TICKET],
    ['with the scheme in lower case', basic(TICKET).replace('Basic', 'basic'), TICKET],
    ['whatever its form', basic('ROLE_TICKET:TICKET_x'), 'TICKET_x'],
  ])('is found %s', (_where, header, ticket) => {
    expect(parseTicketCredentials(header)).toBe(ticket);
  });

  it.each<[string, string | undefined]>([
    ['no header', undefined],
    ['another scheme', `Bearer ${TICKET}`],
    ['a name and a password', basic('alice:secret')],
    ['a name whose password looks like one', basic(`alice:${TICKET}`)],
    ['a password of ROLE_TICKET that looks like none', basic('ROLE_TICKET:secret')],
    ['the name of a user that looks like one', basic(`${TICKET}:secret`)],
    ['a ticket that is not encoded', `Basic ${TICKET}`],
    ['two of them', `${basic(TICKET)}, ${basic(TICKET)}`],
  ])('is none in %s', (_what, header) => {
    expect(parseTicketCredentials(header)).toBeUndefined();
  });
});
