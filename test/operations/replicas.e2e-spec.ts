import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type DownloadBody, DownloadsApi } from '../harness/api.js';
import { CALLERS, basic, startBff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { configured } from '../harness/fixtures.js';
import { NginxServer } from '../harness/nginx-server.js';
import { until } from '../harness/polling.js';
import { pathOf, requirePrograms } from '../harness/programs.js';
import { rawRequest } from '../harness/raw-http.js';
import { RedisServer, freePort } from '../harness/redis-server.js';
import { Scrape } from '../harness/scrape.js';
import { ServiceProcess } from '../harness/service-process.js';

const run = promisify(execFile);

/** More than all buffers between a replica and a client that reads nothing can hold. */
const LARGE_BYTES = 40_000_000;
const NEEDED = ['nginx', 'redis-server', 'curl'];
const AS_ALICE = `${CALLERS.alice.name}:${CALLERS.alice.password}`;

let redis: RedisServer;
let ports: readonly number[];
let replicas: ServiceProcess[];
let nginx: NginxServer;
let api: DownloadsApi;
let directory: string;

const it = configured({ sandbox: { largeFileBytes: LARGE_BYTES } });

it.beforeAll(async ({ runningSandbox }) => {
  if (NEEDED.some((program) => pathOf(program) === undefined)) return;
  directory = await mkdtemp(join(tmpdir(), 'replicas-'));
  redis = new RedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
  await redis.start();
  ports = [await freePort(), await freePort()];
  replicas = await Promise.all(ports.map((port) => startReplica(runningSandbox, port)));
  nginx = await NginxServer.start(ports);
  api = DownloadsApi.ofBff(nginx.url);
}, 60_000);
beforeEach(({ skip }) => requirePrograms({ skip }, ...NEEDED));
afterAll(async () => {
  await nginx?.stop();
  await Promise.all((replicas ?? []).map((replica) => replica.stop()));
  await redis?.dispose();
  if (directory) await rm(directory, { recursive: true });
});

const replicaVariables = () => ({
  STORE_URL: redis.url,
  LINK_SECRET: 'the same secret for all replicas',
  TRUST_PROXY: '1',
  RATE_LIMIT: 'on',
  RATE_LIMIT_CREATE: '1000',
  RATE_LIMIT_FAILED_LOGINS: '3',
  SHUTDOWN_GRACE_MS: '600000',
  LOG_LEVEL: 'log',
});

function startReplica(sandbox: Sandbox, port: number): Promise<ServiceProcess> {
  return ServiceProcess.start(sandbox.url, { ...replicaVariables(), PORT: String(port) });
}

/** Index of the replica whose log has the request; nginx retries requests that a stopping replica rejects. */
async function servedBy(requestId: string): Promise<number> {
  const line = new RegExp(`"requestId":"${requestId}".*"status":(?!503)`);
  return until(
    () => replicas.findIndex(({ text }) => line.test(text)),
    (index) => index >= 0,
  );
}

/** The replicas that have served these requests, without duplicates. */
async function servedByAll(requestIds: readonly string[]): Promise<number[]> {
  return [...new Set(await Promise.all(requestIds.map(servedBy)))].toSorted(
    (one, other) => one - other,
  );
}

/** A request through nginx, with its request id. */
async function send(method: string, path: string, init: RequestInit = {}) {
  const requestId = randomUUID();
  const headers = { 'x-request-id': requestId, ...(init.headers as Record<string, string>) };
  const response = await api.request(method, path, { ...init, headers });
  expect(response.headers.get('x-request-id')).toBe(requestId);
  return { requestId, response };
}

/** The value of a gauge at each replica, read directly. */
function gauges(name: string): Promise<number[]> {
  return Promise.all(replicas.map(async ({ url }) => (await Scrape.of(url!)).value(name, {}) ?? 0));
}

/** Two event streams, one at each replica. */
async function watchAtBoth(id: string): Promise<Events[]> {
  const streams = [await Events.open(nginx.url, id), await Events.open(nginx.url, id)];
  // Streams of an earlier test may still be counted.
  await until(
    () => gauges('bff_event_watchers_open'),
    (open) => open.every((count) => count === 1),
  );
  return streams;
}

/**
 * A download that makes no progress until the test lets it continue. Waits until both replicas report it as IN_PROGRESS,
 * since the cached state of one may be older than that of the other (STATUS_FRESHNESS_MS).
 */
async function startHeld(sandbox: Sandbox): Promise<string> {
  sandbox.bytesPerSecond = 0;
  const id = await api.start([SAMPLE_NODES.mediumFile]);
  for (const { url } of replicas) {
    await DownloadsApi.ofBff(url!).waitFor(id, ({ status }) => status === 'IN_PROGRESS');
  }
  return id;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('two replicas behind nginx', () => {
  it('both stream the events of a download that one of them has created', async ({ sandbox }) => {
    const id = await startHeld(sandbox);
    const streams = await watchAtBoth(id);
    for (const { received } of streams) {
      await until(
        () => received.length,
        (count) => count > 0,
      );
    }
    sandbox.bytesPerSecond = undefined;
    await Promise.all(streams.map(({ ended }) => ended));
    for (const { names } of streams) expect(names.at(-1)).toBe('done');
  });

  it('both respond to long polls about it', { timeout: 60_000 }, async ({ sandbox }) => {
    const id = await startHeld(sandbox);
    const { response } = await send('GET', `/downloads/${id}`);
    const headers = { prefer: 'wait=50', 'if-none-match': response.headers.get('etag')! };
    const begun = Date.now();
    const polls = [1, 2].map(() => send('GET', `/downloads/${id}`, { headers }));
    await until(
      () => gauges('bff_http_requests_open'),
      (open) => open.every((count) => count > 1),
    );
    sandbox.bytesPerSecond = undefined;
    const responses = await Promise.all(polls);
    expect(Date.now() - begun).toBeLessThan(40_000);
    for (const one of responses) {
      expect(one.response.status).toBe(200);
      const { entry } = (await one.response.json()) as { entry: DownloadBody };
      expect(entry.filesAdded + entry.bytesAdded).toBeGreaterThan(0);
    }
    expect(await servedByAll(responses.map(({ requestId }) => requestId))).toEqual([0, 1]);
  });

  it('show each other’s cancellation', async ({ sandbox }) => {
    const id = await startHeld(sandbox);
    const streams = await watchAtBoth(id);
    expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
    sandbox.bytesPerSecond = undefined;
    await Promise.all(streams.map(({ ended }) => ended));
    for (const { names } of streams) expect(names.at(-1)).toBe('cancelled');
  });

  it('can each send a part of one ZIP', async () => {
    const id = await api.createFinished([SAMPLE_NODES.projectsFolder]);
    const whole = await api.content(id);
    const part = Math.ceil(whole.length / 6);
    const parts: { requestId: string; response: Response }[] = [];
    for (let from = 0; from < whole.length; from += part) {
      const range = `bytes=${from}-${from + part - 1}`;
      parts.push(await send('GET', `/downloads/${id}/content`, { headers: { range } }));
    }
    const bodies = await Promise.all(parts.map(({ response }) => response.arrayBuffer()));
    expect(parts.map(({ response }) => response.status)).toEqual(parts.map(() => 206));
    expect(new Set(parts.map(({ response }) => response.headers.get('etag'))).size).toBe(1);
    expect(sha256(Buffer.concat(bodies.map((body) => Buffer.from(body))))).toBe(sha256(whole));
    expect(await servedByAll(parts.map(({ requestId }) => requestId))).toEqual([0, 1]);
  });

  it('let curl -C - resume at one what it began at the other', async () => {
    const id = await api.createFinished([SAMPLE_NODES.projectsFolder]);
    const whole = await api.content(id);
    const file = join(directory, 'resumed.zip');
    const url = `${nginx.url}/downloads/${id}/content`;
    const save = async (...args: string[]) => {
      const requestId = randomUUID();
      const header = `X-Request-Id: ${requestId}`;
      await run('curl', ['-sf', '-u', AS_ALICE, '-H', header, '-o', file, ...args, url]);
      return requestId;
    };
    const requestIds = [await save('-r', '0-99999'), await save('-C', '-')];
    expect(sha256(await readFile(file))).toBe(sha256(whole));
    expect(await servedByAll(requestIds)).toEqual([0, 1]);
  });

  it('accept each other’s signed links, which have the origin of nginx', async () => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const signed = await send('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await signed.response.json()) as { entry: { contentUrl: string } };
    expect(new URL(entry.contentUrl).origin).toBe(nginx.url);
    const requestIds = [randomUUID(), randomUUID()];
    for (const requestId of requestIds) {
      const response = await fetch(entry.contentUrl, { headers: { 'x-request-id': requestId } });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
    expect(await servedByAll(requestIds)).toEqual([0, 1]);
    expect(await nginx.logs()).not.toMatch(/[?&]link=/);
  });

  it('make one download for fifty requests with one Idempotency-Key', async ({ sandbox }) => {
    const before = new Set(sandbox.downloadIds());
    const key = randomUUID();
    const post = () =>
      send('POST', '/downloads', {
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      });
    const responses = await Promise.all(Array.from({ length: 50 }, post));
    // Once per replica; the responses to the first fifty depend on their order.
    responses.push(await post(), await post());
    const made = responses.filter(({ response }) => response.status === 202);
    for (const { response } of responses.filter(({ response: { status } }) => status !== 202)) {
      expect(await response.json()).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_IN_USE' });
    }
    const ids = await Promise.all(
      made.map(
        async ({ response }) => ((await response.json()) as { entry: DownloadBody }).entry.id,
      ),
    );
    expect(sandbox.downloadIds().filter((id) => !before.has(id))).toEqual([...new Set(ids)]);
    expect(new Set(ids).size).toBe(1);
    expect(await servedByAll(made.map(({ requestId }) => requestId))).toEqual([0, 1]);
  });

  it('share the count of wrong passwords, by the address that nginx reports', async ({
    runningSandbox,
  }) => {
    // Generous, since each process counts alone while Redis is slow, as it is on a busy machine.
    const pacing = { limits: { responseMs: 15_000, connectMs: 15_000 } };
    const logs = ['', ''];
    const services = await Promise.all(
      logs.map((_, index) =>
        startBff(
          runningSandbox.url,
          { ...replicaVariables(), LOG_LEVEL: 'silent' },
          { pacing, onLine: (line) => (logs[index] += line) },
        ),
      ),
    );
    const proxy = await NginxServer.start(services.map(({ port }) => port));
    onTestFinished(async () => {
      await proxy.stop();
      await Promise.all(services.map((service) => service.close()));
    });
    const authorization = basic({ name: 'mallory', password: 'a wrong password' });
    const statuses: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const headers = { authorization, 'x-forwarded-for': `203.0.113.${attempt}` };
      statuses.push((await fetch(`${proxy.url}/downloads`, { headers })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
    await until(
      () => logs.map((log) => log.match(/"status":(401|429)/g)?.length),
      (counts) => counts.every((count) => count === 3),
    );
  });

  it.for([
    '/health/ready',
    '/health/ready?a',
    '/docs/../health/ready',
    '/metrics',
    '/metrics/',
    '//metrics',
    '/%6Detrics',
    '/docs/../metrics',
    '/metrics?a',
  ])('keep what they measure from callers: %s', async (path) => {
    const { status, body } = await rawRequest(Number(new URL(nginx.url).port), { path });
    expect(status).toBe(404);
    expect(body).not.toContain('bff_');
  });
});

/** Index of the replica that sends the only active ZIP. */
async function replicaThatSends(): Promise<number> {
  const open = await until(
    () => gauges('bff_content_streams_open'),
    (counts) => counts.includes(1),
  );
  return open.indexOf(1);
}

describe('a replica that stops while it sends a ZIP', { timeout: 60_000 }, () => {
  let id: string | undefined;
  let expected: string | undefined;

  it.beforeEach(async ({ runningSandbox }) => {
    await Promise.all(
      replicas.map(async ({ child }, index) => {
        if (child.exitCode === null && child.signalCode === null) return;
        replicas[index] = await startReplica(runningSandbox, ports[index]!);
      }),
    );
    id ??= await api.createFinished([SAMPLE_NODES.largeFile]);
    expected ??= sha256(await api.content(id));
  }, 60_000);

  it('by SIGTERM: the ZIP arrives whole, and the other replica serves everything else', async () => {
    const response = await api.request('GET', `/downloads/${id}/content`);
    const reader = response.body!.getReader();
    const chunks = [Buffer.from((await reader.read()).value ?? [])];
    const index = await replicaThatSends();
    const ending = replicas[index]!;
    ending.child.kill('SIGTERM');
    await until(
      async () => (await fetch(`${ending.url}/health/ready`)).status,
      (status) => status === 503,
    );
    for (let i = 0; i < 6; i += 1) {
      const { response: other, requestId } = await send('GET', `/downloads/${id}`);
      expect(other.status).toBe(200);
      expect(await servedBy(requestId)).toBe(1 - index);
    }
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(Buffer.from(value));
    }
    expect(sha256(Buffer.concat(chunks))).toBe(expected);
    expect(await ending.exit()).toBe(0);
    for (let i = 0; i < 4; i += 1) await api.start([SAMPLE_NODES.textFile]);
  });

  it('by kill -9: a client that retries gets the rest from the other replica, and then has the whole ZIP', async () => {
    const signed = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await signed.json()) as { entry: { contentUrl: string } };
    const file = join(directory, 'killed.zip');
    const save = ['-sf', '-C', '-', '-o', file, entry.contentUrl];
    const first = spawn('curl', ['--limit-rate', '5M', ...save], { stdio: 'ignore' });
    const ended = once(first, 'exit');
    const index = await replicaThatSends();
    await until(
      async () => (await stat(file).catch(() => undefined))?.size ?? 0,
      (size) => size > 1_000_000,
    );
    replicas[index]!.child.kill('SIGKILL');
    // curl's exit code for a file that is shorter than announced.
    expect((await ended)[0]).toBe(18);
    expect((await stat(file)).size).toBeLessThan(LARGE_BYTES);

    await run('curl', save);
    expect(sha256(await readFile(file))).toBe(expected);
    expect(await nginx.logs()).not.toMatch(/[?&]link=/);
  });
});
