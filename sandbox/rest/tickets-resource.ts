import type { ApiCall, ResourceMap } from './api-call.ts';
import { ApiError, invalidArgument, notFound } from './api-error.ts';
import { ticketOf } from '../auth/authenticator.ts';
import { emptyReply, entryReply } from './json-reply.ts';
import type { Logins } from '../auth/logins.ts';
import { readEntities, stringMember, type EntityClass } from './request-entity.ts';
import type { Tickets } from '../auth/tickets.ts';

const LOGIN_CLASS: EntityClass = {
  javaName: 'org.alfresco.rest.api.model.LoginTicket',
  members: { password: stringMember, userId: stringMember, id: stringMember },
};

/** `/tickets` and `/tickets/-me-` (AuthenticationsImpl). */
export function ticketsResource(logins: Logins, tickets: Tickets): ResourceMap {
  const ownTicket = (call: ApiCall): string => {
    if (call.id !== '-me-') throw invalidArgument(`Invalid parameter: ${call.id}`);
    const ticket = ticketOf({
      parameters: call.parameters,
      authorization: call.header('authorization'),
    });
    if (tickets.validate(ticket) !== call.userId) throw notFound(ticket);
    return ticket;
  };

  return {
    tickets: {
      anonymous: ['POST'],
      operations: {
        POST(call) {
          const [login] = readEntities(call.body, LOGIN_CLASS);
          const { userId, password } = login ?? {};
          if (typeof userId !== 'string' || typeof password !== 'string') {
            throw invalidArgument('Invalid login details.');
          }
          const user = logins.accepts(userId, password);
          if (user === undefined) throw new ApiError(403, 'Login failed');
          return entryReply(201, { id: tickets.issue(user), userId }, call.parameters);
        },
      },
    },
    'tickets/*': {
      operations: {
        GET: (call) => entryReply(200, { id: ownTicket(call) }, call.parameters),
        DELETE(call) {
          tickets.invalidate(ownTicket(call));
          return emptyReply(204);
        },
      },
    },
  };
}
