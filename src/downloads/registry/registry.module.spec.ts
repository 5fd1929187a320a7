import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Metrics } from '../../observability/metrics.js';
import { DownloadRegistry } from './download-registry.js';
import { openRegistry } from './registry.factory.js';
import { RegistryModule, STORE } from './registry.module.js';

@Module({})
class Options {}

describe('the module of the registry', () => {
  it('gives the store, and closes it when the application ends', async () => {
    const store = openRegistry({ url: 'sqlite::memory:', retentionMs: 1000 });
    const options = {
      module: Options,
      providers: [
        { provide: STORE, useValue: store },
        { provide: Metrics, useValue: new Metrics() },
      ],
      exports: [STORE, Metrics],
    };
    const module = await Test.createTestingModule({
      imports: [RegistryModule.forRoot(options)],
    }).compile();
    const app = await module.init();
    const registry = app.get(DownloadRegistry);
    await expect(registry.ping()).resolves.toBeUndefined();
    await app.close();
    await expect(registry.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
