import type { Repository } from '../repository/repository.ts';
import type { ResourceMap } from './api-call.ts';
import { notFound } from './api-error.ts';
import { entryReply } from './json-reply.ts';

/** `/people/-me-` (PeopleImpl): the user in whose name the request is made, without their profile. */
export function peopleResource(repository: Repository): ResourceMap {
  return {
    'people/*': {
      operations: {
        GET({ id, userId, parameters }) {
          if (id !== '-me-') throw notFound(id);
          const { displayName = userId, admin = false } = repository.user(userId) ?? {};
          const capabilities = { isAdmin: admin, isGuest: false, isMutable: true };
          const person = { id: userId, displayName, enabled: true, capabilities };
          return entryReply(200, person, parameters);
        },
      },
    },
  };
}
