import { loadConfig } from './config-loader.js';
import { configurationWarnings, describeConfiguration } from './config-report.js';
import { HASH, LEAST } from './rejection.fixture.js';

const STRONG = HASH.replace('$05$', '$12$');
const SETTLED = { ...LEAST, USERS: `alice:${STRONG}`, LINK_SECRET: 'x'.repeat(32) };

const warningsOf = (variables: Record<string, string>) =>
  configurationWarnings(loadConfig(variables), variables);

describe('the warnings of a configuration', () => {
  it('are none when nothing is odd', () => {
    expect(warningsOf(SETTLED)).toEqual([]);
  });

  it('name a variable that is misspelt', () => {
    expect(warningsOf({ ...SETTLED, RATE_LIMITS: 'off' })).toEqual([
      'RATE_LIMITS is not a variable of this service: RATE_LIMIT is probably meant',
    ]);
  });

  it('say that everyone may call', () => {
    expect(warningsOf({ ...SETTLED, USERS: '', AUTH: 'none' })).toEqual([
      expect.stringMatching(/^AUTH=none: everyone/),
    ]);
  });

  it('name users whose hashes are cheap to guess, and no others', () => {
    const USERS = `alice:${STRONG},bob:${HASH},carol:${HASH.replace('$05$', '$10$')}`;
    const [warning, ...more] = warningsOf({ ...SETTLED, USERS });
    expect(warning).toMatch(/htpasswd -B -C 12: bob$/);
    expect(more).toEqual([]);
  });
});

describe('the configuration in force', () => {
  it('is one line, with the names of the variables that are set and without secrets', () => {
    const variables = { ...SETTLED, STORE_URL: 'redis://app:s3cret@cache:6379/2', DOCS: ' ' };
    const line = describeConfiguration(loadConfig(variables), variables);
    expect(line).toBe(
      'Configuration in force: Alfresco with the permissions of the account; ' +
        'AUTH=basic (users: 1); store redis://cache:6379/2; rate limits on; processes: 1; ' +
        'variables that are set: ALFRESCO_URL ALFRESCO_USERNAME ALFRESCO_PASSWORD USERS STORE_URL LINK_SECRET',
    );
  });
});
