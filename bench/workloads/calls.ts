import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { AUTHORIZATION, MeasuredService } from '../service.ts';
import { Rows, type Table } from '../table.ts';
import { Watcher } from '../watcher.ts';

/** The ZIP takes about 5 seconds. */
const BYTES_PER_SECOND = 4_000_000;
const POLL_MS = 250;
const DOWNLOADS = 4;

/** W7: calls to Alfresco until the end of a download, by the number of watchers. */
export async function calls(): Promise<Table> {
  const sandbox = await startSandbox({ bytesPerSecond: BYTES_PER_SECOND });
  const service = await MeasuredService.start(sandbox.url);
  const rows = new Rows();
  try {
    for (const watchers of [1, 10, 100]) {
      for (const kind of ['events', 'polls'] as const) {
        for (let count = 0; count < DOWNLOADS; count += 1) {
          sandbox.clearRequests();
          const id = await service.createDownload(SAMPLE_NODES.mediumFile);
          await Promise.all(
            Array.from({ length: watchers }, () =>
              kind === 'events' ? watch(service.url, id) : poll(service.url, id),
            ),
          );
          const statusCalls = sandbox.requests.filter(({ url }) =>
            url.includes(`/downloads/${id}`),
          );
          rows.add(`${watchers} by ${kind}`, statusCalls.length);
        }
      }
    }
  } finally {
    await service.stop();
    await sandbox.close();
  }
  const notes = [
    `Each polls every ${POLL_MS} ms; without the service, 100 of them would make 100 times as many calls as one.`,
  ];
  return {
    title: 'W7: status calls to Alfresco for a finished download',
    unit: 'calls',
    rows: rows.all,
    notes,
  };
}

async function watch(url: string, id: string): Promise<void> {
  const watcher = await Watcher.start(url, id);
  while (!watcher.hasEnded) await sleep(20);
  watcher.stop();
}

async function poll(url: string, id: string): Promise<void> {
  const headers = { authorization: AUTHORIZATION };
  for (;;) {
    const response = await fetch(`${url}/downloads/${id}`, { headers });
    if ((await response.text()).includes('"DONE"')) return;
    await sleep(POLL_MS);
  }
}
