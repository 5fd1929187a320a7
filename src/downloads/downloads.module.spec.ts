import { Test } from '@nestjs/testing';
import { ConfigurationError } from '../config/app-config.js';
import { DownloadsModule } from './downloads.module.js';

describe('the module in another application', () => {
  it.each(['token', 'token-exchange'] as const)(
    'does not start with onBehalfOf "%s", as it knows no tokens of callers',
    async (onBehalfOf) => {
      const start = Test.createTestingModule({
        imports: [
          DownloadsModule.forRoot({
            alfresco: { url: 'https://acs.example.com/alfresco', onBehalfOf },
            store: 'sqlite::memory:',
            callerOf: () => undefined,
          }),
        ],
      }).compile();
      await expect(start).rejects.toThrow(ConfigurationError);
      await expect(start).rejects.toThrow(/alfresco\.onBehalfOf: must be "off" or "remote-user"/);
    },
  );
});
