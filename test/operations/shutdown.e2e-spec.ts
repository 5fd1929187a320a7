import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { Events } from '../harness/event-stream.js';
import { until } from '../harness/polling.js';
import { ServiceProcess } from '../harness/service-process.js';

const STREAMS = 100;

let sandbox: Sandbox;
let service: ServiceProcess;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
afterEach(() => service.child.kill('SIGKILL'));

async function start(more: Record<string, string> = {}): Promise<void> {
  sandbox.bytesPerSecond = undefined;
  service = await ServiceProcess.start(sandbox.url, {
    LOG_LEVEL: 'warn',
    ALFRESCO_MAX_CONNECTIONS: '256',
    SHUTDOWN_GRACE_MS: '20000',
    ...more,
  });
  api = DownloadsApi.ofBff(service.url!);
}

const readiness = async () => (await fetch(`${service.url}/health/ready`)).status;

/** A transfer that has begun, and goes on when told to. */
async function begin(id: string) {
  const answer = await api.request('GET', `/downloads/${id}/content`);
  const reader = answer.body!.getReader();
  const hash = createHash('sha256');
  let length = 0;
  const take = async () => {
    const { done, value } = await reader.read();
    if (value) {
      hash.update(value);
      length += value.length;
    }
    return done;
  };
  await take();
  return {
    /** The rest, to the end that the connection comes to. */
    async finish() {
      while (!(await take()));
      return { length, sha256: hash.digest('hex') };
    },
  };
}

describe('SIGTERM', () => {
  it(
    `lets ${STREAMS} running streams end whole, takes no new work, and exits 0`,
    { timeout: 60_000 },
    async () => {
      await start();
      const id = await api.make([SAMPLE_NODES.mediumFile]);
      const whole = await api.content(id);
      const streams = await Promise.all(Array.from({ length: STREAMS }, () => begin(id)));
      service.child.kill('SIGTERM');
      await until(readiness, (status) => status === 503);

      const refused = await api.create([SAMPLE_NODES.textFile]);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(refused.headers.get('connection')).toBe('close');
      expect(await refused.json()).toMatchObject({ code: 'SHUTTING_DOWN' });
      expect((await api.request('GET', `/downloads/${id}`)).status).toBe(503);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      const ready = await fetch(`${service.url}/health/ready`);
      expect(await ready.json()).toMatchObject({ code: 'SHUTTING_DOWN' });

      const sha256 = createHash('sha256').update(whole).digest('hex');
      const received = await Promise.all(streams.map((stream) => stream.finish()));
      for (const one of received) expect(one).toEqual({ length: whole.length, sha256 });
      expect(received).toHaveLength(STREAMS);
      expect(await service.exit()).toBe(0);
    },
  );

  it('ends streams of events, so that callers come back to another process, and answers long polls', async () => {
    await start();
    sandbox.bytesPerSecond = 0;
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const events = await Events.open(service.url!, id);
    const longPoll = api.request('GET', `/downloads/${id}`, { headers: { prefer: 'wait=50' } });
    await until(
      () => events.names,
      (names) => names.length > 0,
    );
    expect(await service.stop()).toBe(0);
    await events.ended;
    expect(events.text).toContain('retry: 2000');
    expect(events.names).toEqual(['progress']);
    expect((await longPoll).status).toBe(200);
  });

  it('waits no longer than SHUTDOWN_GRACE_MS for a caller who takes nothing', async () => {
    await start({ SHUTDOWN_GRACE_MS: '300' });
    const id = await api.make([SAMPLE_NODES.largeFile]);
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

  it('given twice ends the service at once', async () => {
    await start();
    const id = await api.make([SAMPLE_NODES.largeFile]);
    const stream = await begin(id);
    service.child.kill('SIGTERM');
    await until(readiness, (status) => status === 503);
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(143);
    await expect(stream.finish()).rejects.toThrow();
  });

  it('ends an idle service at once, whatever the grace', async () => {
    await start({ SHUTDOWN_GRACE_MS: '600000' });
    await api.make([SAMPLE_NODES.textFile]);
    expect(await service.stop()).toBe(0);
  });
});

describe('kill -9', () => {
  it(
    'cuts running streams short of their announced length, which no client takes for whole',
    { timeout: 60_000 },
    async () => {
      await start();
      const id = await api.make([SAMPLE_NODES.mediumFile]);
      const streams = await Promise.all(Array.from({ length: STREAMS }, () => begin(id)));
      service.child.kill('SIGKILL');
      const ends = await Promise.allSettled(streams.map((stream) => stream.finish()));
      expect(ends.map(({ status }) => status)).toEqual(Array(STREAMS).fill('rejected'));
    },
  );
});
