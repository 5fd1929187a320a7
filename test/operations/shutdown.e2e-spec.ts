import { once } from 'node:events';
import { connect } from 'node:net';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { Events } from '../harness/event-stream.js';
import { it as base } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { processStarter } from '../harness/process-starter.js';
import { Scrape } from '../harness/scrape.js';
import { Transfer } from '../harness/transfer.js';
import {
  beginShutdown,
  expectCutAfterSigkill,
  expectNoNewWork,
  expectWholeAfterSigterm,
  GENEROUS_LIMITS,
} from './transfers-at-shutdown.js';

const it = base.extend('start', processStarter);

describe('SIGTERM', { timeout: 60_000 }, () => {
  it('completes 20 running transfers, accepts no new work, and exits with 0', async ({ start }) => {
    await expectWholeAfterSigterm(await start(GENEROUS_LIMITS), 20, expectNoNewWork);
  });

  it('closes event streams, so that their clients reconnect to another process, and responds to long polls and to callers who wait for a ZIP', async ({
    sandbox,
    start,
  }) => {
    const service = await start(GENEROUS_LIMITS);
    const api = DownloadsApi.ofBff(service.url!);
    sandbox.bytesPerSecond = 0;
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const events = await Events.open(service.url!, id);
    const longPoll = api.request('GET', `/downloads/${id}`, { headers: { prefer: 'wait=50' } });
    const before = sandbox.downloadIds();
    const delivered = api.request('POST', '/downloads/content', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
    });
    await until(
      () => events.names,
      (names) => names.length > 0,
    );
    const [deliveredId] = await until(
      () => sandbox.downloadIds().filter((one) => !before.includes(one)),
      (ids) => ids.length > 0,
    );
    // The stream, the long poll, the ZIP in one call, and the scrape itself.
    await until(
      async () => (await Scrape.of(service.url!)).value('bff_http_requests_open', {}),
      (open) => open === 4,
    );
    const stopped = service.stop();
    expect((await delivered).status).toBe(503);
    sandbox.bytesPerSecond = undefined;
    expect(await stopped).toBe(0);
    expect(sandbox.downloadIds()).not.toContain(deliveredId);
    await events.ended;
    expect(events.text).toContain('retry: 2000');
    expect(events.names).toEqual(['progress']);
    expect((await longPoll).status).toBe(200);
  });

  it('waits at most SHUTDOWN_GRACE_MS for a client that does not read', async ({ start }) => {
    const service = await start({ SHUTDOWN_GRACE_MS: '300', LOG_LEVEL: 'warn' });
    const api = DownloadsApi.ofBff(service.url!);
    const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
    const { host, port } = new URL(service.url!);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `GET /downloads/${id}/content HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${api.headers.authorization}\r\n\r\n`,
    );
    await once(socket, 'readable');
    expect(await service.stop()).toBe(0);
    expect(service.text).toContain('1 requests still run after 300 ms and are cut off');
    socket.destroy();
  });

  it('sent twice stops the service at once', async ({ start }) => {
    const service = await start(GENEROUS_LIMITS);
    const api = DownloadsApi.ofBff(service.url!);
    const transfer = await Transfer.begin(api, await api.createFinished([SAMPLE_NODES.mediumFile]));
    await beginShutdown(service);
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(143);
    await expect(transfer.finish()).rejects.toThrow();
  });

  it('stops an idle service at once, whatever SHUTDOWN_GRACE_MS', async ({ start }) => {
    const service = await start(GENEROUS_LIMITS);
    await DownloadsApi.ofBff(service.url!).createFinished([SAMPLE_NODES.textFile]);
    expect(await service.stop()).toBe(0);
  });
});

describe('kill -9', { timeout: 60_000 }, () => {
  it('cuts 20 running transfers short of their announced length, so that no client takes them for whole', async ({
    start,
  }) => {
    await expectCutAfterSigkill(await start(GENEROUS_LIMITS), 20);
  });
});
