import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { until } from '../harness/polling.js';
import { ServiceProcess } from '../harness/service-process.js';
import { digest, openContent } from './streamed-content.js';

const MOST_GROWTH = 64_000_000;

/** Defines a test that sends a ZIP of this size, and measures the memory of the service's process. */
export function streamsInBoundedMemory(title: string, size: number): void {
  it(
    `a ZIP of ${title} arrives whole while the memory of the service grows by less than 64 MB`,
    { timeout: 60_000 + size / 10_000 },
    async () => {
      const sandbox = await startSandbox({ largeFileBytes: size });
      const service = await ServiceProcess.start(sandbox.url);
      try {
        const api = DownloadsApi.ofBff(service.url!);
        const id = await api.start([SAMPLE_NODES.largeFile]);
        await until(
          () => api.status(id),
          ({ status }) => status === 'DONE',
          { forMs: 60_000 + size / 10_000, everyMs: 100 },
        );
        const warm = await api.createFinished([SAMPLE_NODES.mediumFile]);
        await digest(await openContent(api, warm));
        const before = await service.memory();
        const through = await digest(await openContent(api, id));
        const after = await service.memory();
        expect(through.bytes).toBeGreaterThan(size);
        const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
        const direct = await alfresco.request('GET', `/nodes/${id}/content`);
        expect(through).toEqual(await digest(direct.body as unknown as AsyncIterable<Buffer>));
        expect(after.peak - before.now).toBeLessThan(MOST_GROWTH);
      } finally {
        await service.stop();
        await sandbox.close();
      }
    },
  );
}
