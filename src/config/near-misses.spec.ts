import { Environment } from './environment.js';
import { nearMisses } from './near-misses.js';

const meantBy = (name: string) => nearMisses({ [name]: 'x' }).map(({ meant }) => meant);

describe('nearMisses', () => {
  it.each([
    ['ALFRSCO_TIMEOUT_MS', 'ALFRESCO_TIMEOUT_MS'],
    ['RATE_LIMITS', 'RATE_LIMIT'],
    ['ALFERSCO_URL', 'ALFRESCO_URL'],
    ['alfresco_url', 'ALFRESCO_URL'],
    ['USER_FILE', 'USERS_FILE'],
    ['LINK_SECRT_FILE', 'LINK_SECRET_FILE'],
    ['WORKER', 'WORKERS'],
  ])('takes %s for %s', (given, meant) => {
    expect(meantBy(given)).toEqual([meant]);
  });

  it.each([
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'HOSTNAME',
    'NODE_ENV',
    'XDG_SESSION_ID',
    'ALFRESCO_PORT',
    'ALFRESCO_SERVICE_HOST',
    'NODE_EXTRA_CA_CERTS',
    'MALLOC_ARENA_MAX',
  ])('leaves %s to other programs', (name) => {
    expect(meantBy(name)).toEqual([]);
  });

  it('finds none among the variables of the service', () => {
    const all = Object.keys(new Environment()).map((name) => [name, 'x']);
    expect(nearMisses(Object.fromEntries(all) as Record<string, string>)).toEqual([]);
  });
});
