import { Test } from '@nestjs/testing';
import { createLog } from '../../observability/log.js';
import { ObservabilityModule } from '../../observability/observability.module.js';
import { DownloadRegistry } from './download.registry.js';
import { RegistryModule } from './registry.module.js';

describe('the module of the registry', () => {
  it('gives the store, and closes it when the application ends', async () => {
    const observability = ObservabilityModule.forRoot({
      log: createLog('silent'),
      tracing: undefined,
      metrics: false,
    });
    const store = RegistryModule.forRoot({ url: 'sqlite::memory:', retentionMs: 1000 });
    const module = await Test.createTestingModule({ imports: [observability, store] }).compile();
    const app = await module.init();
    const registry = app.get(DownloadRegistry);
    await expect(registry.ping()).resolves.toBeUndefined();
    await app.close();
    await expect(registry.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
