import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { Transfer, wholeOf } from '../harness/transfer.js';

/** Limits of a service to be stopped: no transfer is cut because a busy machine is slow. */
export const GENEROUS_LIMITS = {
  SHUTDOWN_GRACE_MS: '600000',
  ALFRESCO_MAX_CONNECTIONS: '256',
  MAX_TRANSFERS_PER_CALLER: '192',
};

/** A new connection for each request, because an open one would keep its process from exiting. */
export const withoutKeepAlive = ({ url }: ServiceProcess) =>
  new DownloadsApi(url!, { ...AS_ALICE, connection: 'close' });

/** Sends SIGTERM, and waits until the service accepts no new work. */
export async function beginShutdown(service: ServiceProcess): Promise<void> {
  service.child.kill('SIGTERM');
  const probe = () => withoutKeepAlive(service).request('GET', '/health/ready');
  await until(
    // A connection fails if it is given to a worker that exits, because it has nothing left to do.
    () => probe().then(({ status }) => status, String),
    (status) => status === 503,
  );
}

/**
 * Expects that this many transfers are completed after SIGTERM, and that the service then exits.
 *
 * @param meanwhile checks of the service during shutdown
 */
export async function expectWholeAfterSigterm(
  service: ServiceProcess,
  count: number,
  meanwhile?: (api: DownloadsApi, id: string) => Promise<void>,
): Promise<void> {
  const api = withoutKeepAlive(service);
  const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
  const whole = wholeOf(await api.content(id));
  const transfers = await Transfer.beginMany(api, id, count);
  await beginShutdown(service);
  await meanwhile?.(api, id);
  const received = await Promise.all(transfers.map((transfer) => transfer.finish()));
  expect(received).toEqual(Array(count).fill(whole));
  expect(await service.exit()).toBe(0);
}

/** Expects that a service that shuts down rejects new work as documented. */
export async function expectNoNewWork(api: DownloadsApi, id: string): Promise<void> {
  const refused = await api.create([SAMPLE_NODES.textFile]);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('connection')).toBe('close');
  expect(await refused.json()).toMatchObject({ code: 'SHUTTING_DOWN' });
  expect((await api.request('GET', `/downloads/${id}`)).status).toBe(503);
  expect((await api.request('GET', '/health/live')).status).toBe(200);
  const ready = await api.request('GET', '/health/ready');
  expect(await ready.json()).toMatchObject({ code: 'SHUTTING_DOWN' });
}

/** Expects that this many transfers fail when the service is killed. */
export async function expectCutAfterSigkill(service: ServiceProcess, count: number): Promise<void> {
  const api = withoutKeepAlive(service);
  const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
  const transfers = await Transfer.beginMany(api, id, count);
  service.child.kill('SIGKILL');
  const ends = await Promise.allSettled(transfers.map((transfer) => transfer.finish()));
  expect(ends.map(({ status }) => status)).toEqual(Array(count).fill('rejected'));
}
