import { ConfigurationError } from '../../config/app-config.js';
import { openRegistry } from './registry.factory.js';

describe('the choice of the store', () => {
  it.each([
    ['no host', 'redis://:secret@'],
    ['a port out of range', 'redis://:secret@localhost:99999'],
    ['a database that is not a number', 'redis://:secret@localhost/zero'],
    ['parameters, which would override timeouts', 'redis://:secret@localhost?commandTimeout=0'],
    ['a password that is not encoded', 'redis://:secret%@localhost'],
    ['a password with a slash', 'rediss://:secret/secret@localhost'],
  ])('refuses an address with %s, without quoting it', (_what, url) => {
    const open = () => openRegistry({ url, retentionMs: 1000 });
    expect(open).toThrow(ConfigurationError);
    expect(open).toThrow('STORE_URL: must be redis://');
    expect(open).not.toThrow(/secret/);
  });
});
