import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { FaultProxy } from '../harness/fault-proxy.js';
import { Transfer, wholeOf } from '../harness/transfer.js';

const TRANSFERS = 5;
/** More than the longest pause between two attempts, even on a busy machine. */
const SOON_MS = 15_000;

describe('a restart of Alfresco that takes 40 s', { timeout: 120_000 }, () => {
  it.for([
    ['basic', '60000'],
    ['ticket', '300000'],
  ] as const)(
    'cuts no transfer, with ALFRESCO_AUTH=%s and ALFRESCO_IDLE_TIMEOUT_MS=%s',
    async ([auth, idleMs]) => {
      const sandbox = await startSandbox({ estimateDelayMs: 1 });
      onTestFinished(() => sandbox.close());
      const proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
      onTestFinished(() => proxy.close());
      const bff = await startBff(sandbox.url.replace(/:\d+\//, `:${proxy.port}/`), {
        ALFRESCO_AUTH: auth,
        ALFRESCO_IDLE_TIMEOUT_MS: idleMs,
      });
      onTestFinished(() => bff.close());
      const api = DownloadsApi.ofBff(bff.url);
      const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
      const whole = wholeOf(await api.content(id));
      const path = /\/content$/;
      sandbox.fail({ kind: 'drip', bytesPerSecond: 2_000_000 }, { path, times: TRANSFERS });
      const transfers = await Transfer.beginMany(api, id, TRANSFERS);
      // The clients read all the time.
      const ends = Promise.allSettled(transfers.map((transfer) => transfer.finish()));

      // Alfresco's process has exited, and its port is closed.
      const listen = await proxy.refuse();
      await sleep(20_000);
      // Requests that start now fail, which could open the breakers.
      await Promise.all(
        Array.from({ length: 10 }, () => api.request('GET', `/nodes/${id}/content`)),
      );
      // Tomcat listens, but does not respond before its web applications are deployed.
      await listen();
      proxy.onConnection = () => {};
      await sleep(10_000);
      proxy.clear();
      // Tomcat's own 404 pages, until Alfresco is deployed as the last application.
      sandbox.fail({ kind: 'html', status: 404 }, { times: Infinity });
      await sleep(10_000);
      // Alfresco keeps tickets in memory.
      sandbox.expireTickets();
      sandbox.clearFaults();

      const back = performance.now();
      expect(await ends).toEqual(
        Array.from({ length: TRANSFERS }, () => ({ status: 'fulfilled', value: whole })),
      );
      expect(performance.now() - back).toBeLessThan(SOON_MS);
    },
  );
});
