import { ConfigurationError } from '../config/app-config.js';
import {
  type AlfrescoOptions,
  type DownloadsModuleOptions,
  alfrescoConfig,
  downloadsConfig,
  linkConfig,
} from './downloads-options.js';

const ALFRESCO = { url: 'https://acs.example.com/alfresco', username: 'svc', password: 'secret' };

function optionsWith(more: Partial<DownloadsModuleOptions> = {}): DownloadsModuleOptions {
  return { alfresco: ALFRESCO, store: 'sqlite::memory:', callerOf: () => undefined, ...more };
}

describe('options of the module', () => {
  it('need no more than an address and an account; the rest is as for the service', () => {
    expect(alfrescoConfig(optionsWith())).toEqual({
      ...ALFRESCO,
      tenant: '-default-',
      auth: 'ticket',
      onBehalfOf: 'off',
      connectTimeoutMs: 2000,
      timeoutMs: 10_000,
      idleTimeoutMs: 30_000,
      maxConnections: 128,
    });
    expect(downloadsConfig(optionsWith({ maxNodeIds: 5 }))).toEqual({
      maxNodeIds: 5,
      statusFreshnessMs: 250,
      stallAfterMs: 120_000,
      pendingStallAfterMs: 1_800_000,
    });
  });

  it('may be said to be undefined, as a variable of the environment is', () => {
    const alfresco = { ...ALFRESCO, tenant: undefined, url: `${ALFRESCO.url}/` };
    expect(alfrescoConfig(optionsWith({ alfresco }))).toMatchObject({
      tenant: '-default-',
      url: ALFRESCO.url,
    });
  });

  it.each<[string, AlfrescoOptions, RegExp]>([
    ['no web address', { ...ALFRESCO, url: 'acs.example.com' }, /alfresco\.url: must be/],
    ['an address with a password', { ...ALFRESCO, url: 'https://a:b@acs/alfresco' }, /\.url: must/],
    ['no account', { url: ALFRESCO.url }, /alfresco\.username, alfresco\.password: are required/],
    ['no token endpoint', { ...ALFRESCO, auth: 'oauth2' }, /alfresco\.oauth2: is required/],
    ['no client certificate', { ...ALFRESCO, onBehalfOf: 'remote-user' }, /alfresco\.tls\.client/],
  ])('are refused with %s', (_what, alfresco, message) => {
    const read = () => alfrescoConfig(optionsWith({ alfresco }));
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/secret/);
  });

  it('refuse a short secret for links, and make one that no one knows when there is none', () => {
    const links = (...secrets: [string]) => linkConfig(optionsWith({ links: { secrets } }));
    expect(() => links('x'.repeat(31))).toThrow(/links\.secrets/);
    expect(links('x'.repeat(32))).toMatchObject({ isEphemeral: false, ttlSeconds: 300 });
    const [one, another] = [linkConfig(optionsWith()), linkConfig(optionsWith())];
    expect(one.secrets[0].length).toBeGreaterThan(32);
    expect(one.secrets).not.toEqual(another.secrets);
  });
});
