import type { AuthConfig, HttpConfig } from '../../config/app-config.js';
import { ticketsPath } from './tickets-path.js';

function pathFor(apiPrefix: string, schemes: AuthConfig['schemes'] = ['basic']) {
  return ticketsPath({
    http: { apiPrefix } as HttpConfig,
    auth: { schemes, users: new Map() },
  });
}

describe('the path of the login', () => {
  it.each([
    [
      'alfresco/api/-default-/public/alfresco/versions/1',
      'alfresco/api/-default-/public/authentication/versions/1',
    ],
    [
      'downloads/api/acme.com/public/alfresco/versions/1',
      'downloads/api/acme.com/public/authentication/versions/1',
    ],
    ['public/alfresco/versions/1', 'public/authentication/versions/1'],
  ])('for the API at %s is %s', (apiPrefix, path) => {
    expect(pathFor(apiPrefix)).toBe(path);
  });

  it.each(['', 'api/v1', 'alfresco/api/-default-/public/alfresco/versions/10', 'alfresco'])(
    'does not exist for the API at "%s", where Alfresco’s clients do not look',
    (apiPrefix) => {
      expect(pathFor(apiPrefix)).toBeUndefined();
    },
  );

  it('does not exist where everyone may call', () => {
    expect(pathFor('alfresco/api/-default-/public/alfresco/versions/1', [])).toBeUndefined();
  });
});
