import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { type DownloadBody, DownloadsApi } from '../harness/api.js';
import { CALLERS, basic } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { NginxServer } from '../harness/nginx-server.js';
import { until } from '../harness/polling.js';
import { RedisServer, freePort } from '../harness/redis-server.js';
import { Scrape } from '../harness/scrape.js';
import { ServiceProcess } from '../harness/service-process.js';
import { needsTools } from '../harness/tools.js';

const run = promisify(execFile);

/** More than fits into all the buffers between a replica and a caller who reads nothing. */
const LARGE_BYTES = 100_000_000;
const AS_ALICE = `${CALLERS.alice.name}:${CALLERS.alice.password}`;

let sandbox: Sandbox;
let redis: RedisServer;
let ports: readonly number[];
let replicas: ServiceProcess[];
let nginx: NginxServer;
let api: DownloadsApi;
let directory: string;

beforeAll(async () => {
  sandbox = await startSandbox({ largeFileBytes: LARGE_BYTES });
  redis = new RedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
  directory = await mkdtemp(join(tmpdir(), 'replicas-'));
});
beforeEach(async (context) => {
  needsTools(context, 'nginx', 'redis-server', 'curl');
  if (nginx) return;
  await redis.start();
  ports = [await freePort(), await freePort()];
  replicas = await Promise.all(ports.map(startReplica));
  nginx = await NginxServer.start(ports);
  api = DownloadsApi.ofBff(nginx.url);
});
afterEach(() => {
  sandbox.bytesPerSecond = undefined;
});
afterAll(async () => {
  await nginx?.stop();
  for (const replica of replicas ?? []) await replica.stop();
  await redis.dispose();
  await sandbox.close();
  await rm(directory, { recursive: true });
});

function startReplica(port: number): Promise<ServiceProcess> {
  return ServiceProcess.start(sandbox.url, {
    PORT: String(port),
    STORE_URL: redis.url,
    LINK_SECRET: 'the same secret for all replicas',
    TRUST_PROXY: '1',
    RATE_LIMIT: 'on',
    RATE_LIMIT_CREATE: '1000',
    RATE_LIMIT_FAILED_LOGINS: '3',
    SHUTDOWN_GRACE_MS: '20000',
    LOG_LEVEL: 'log',
  });
}

/** Which replica has answered a request, by its log; it is written only after the answer. One that ends sends it on. */
async function answeredBy(requestId: string): Promise<number> {
  const line = new RegExp(`"requestId":"${requestId}".*"status":(?!503)`);
  return until(
    () => replicas.findIndex(({ text }) => line.test(text)),
    (index) => index >= 0,
  );
}

/** Which replicas have answered requests, each once. */
async function answeredByAll(requestIds: readonly string[]): Promise<number[]> {
  return [...new Set(await Promise.all(requestIds.map(answeredBy)))].toSorted(
    (one, other) => one - other,
  );
}

/** A request through nginx, with the name by which logs know it. */
async function ask(method: string, path: string, init: RequestInit = {}) {
  const requestId = randomUUID();
  const headers = { 'x-request-id': requestId, ...(init.headers as Record<string, string>) };
  const answer = await api.request(method, path, { ...init, headers });
  expect(answer.headers.get('x-request-id')).toBe(requestId);
  return { requestId, answer };
}

/** What a gauge says at each replica, asked past nginx. */
function gauges(name: string): Promise<number[]> {
  return Promise.all(replicas.map(async ({ url }) => (await Scrape.of(url!)).value(name, {}) ?? 0));
}

/** Two streams of events, one at each replica. */
async function watchAtBoth(id: string): Promise<Events[]> {
  const streams = [await Events.open(nginx.url, id), await Events.open(nginx.url, id)];
  expect(await gauges('bff_event_watchers_open')).toEqual([1, 1]);
  return streams;
}

/**
 * A download that stands still until it is told to go on. Both replicas know that it does: what one remembers of it
 * may be older than what the other has said (STATUS_FRESHNESS_MS).
 */
async function held(): Promise<string> {
  sandbox.bytesPerSecond = 0;
  const id = await api.start([SAMPLE_NODES.mediumFile]);
  for (const { url } of replicas) {
    await DownloadsApi.ofBff(url!).waitFor(id, ({ status }) => status === 'IN_PROGRESS');
  }
  return id;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('two replicas behind nginx', () => {
  it('tell of a download that one of them made, each to those who watch it there, as it goes', async () => {
    const id = await held();
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

  it('answer long polls about it at the same time', async () => {
    const id = await held();
    const { answer } = await ask('GET', `/downloads/${id}`);
    const headers = { prefer: 'wait=30', 'if-none-match': answer.headers.get('etag')! };
    const begun = Date.now();
    const polls = [1, 2].map(() => ask('GET', `/downloads/${id}`, { headers }));
    await until(
      () => gauges('bff_http_requests_open'),
      (open) => open.every((count) => count > 1),
    );
    sandbox.bytesPerSecond = undefined;
    const answers = await Promise.all(polls);
    expect(Date.now() - begun).toBeLessThan(15_000);
    for (const one of answers) {
      expect(one.answer.status).toBe(200);
      const { entry } = (await one.answer.json()) as { entry: DownloadBody };
      expect(entry.filesAdded + entry.bytesAdded).toBeGreaterThan(0);
    }
    expect(await answeredByAll(answers.map(({ requestId }) => requestId))).toEqual([0, 1]);
  });

  it('show each other’s cancelling', async () => {
    const id = await held();
    const streams = await watchAtBoth(id);
    expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
    sandbox.bytesPerSecond = undefined;
    await Promise.all(streams.map(({ ended }) => ended));
    for (const { names } of streams) expect(names.at(-1)).toBe('cancelled');
  });

  it('send parts of one ZIP, whichever is asked', async () => {
    const id = await api.make([SAMPLE_NODES.projectsFolder]);
    const whole = await api.content(id);
    const part = Math.ceil(whole.length / 6);
    const parts: { requestId: string; answer: Response }[] = [];
    for (let from = 0; from < whole.length; from += part) {
      const range = `bytes=${from}-${from + part - 1}`;
      parts.push(await ask('GET', `/downloads/${id}/content`, { headers: { range } }));
    }
    const bodies = await Promise.all(parts.map(({ answer }) => answer.arrayBuffer()));
    expect(parts.map(({ answer }) => answer.status)).toEqual(parts.map(() => 206));
    expect(new Set(parts.map(({ answer }) => answer.headers.get('etag'))).size).toBe(1);
    expect(sha256(Buffer.concat(bodies.map((body) => Buffer.from(body))))).toBe(sha256(whole));
    expect(await answeredByAll(parts.map(({ requestId }) => requestId))).toEqual([0, 1]);
  });

  it('let curl -C - go on at one where it was left at the other', async () => {
    const id = await api.make([SAMPLE_NODES.mediumFile]);
    const whole = await api.content(id);
    const file = join(directory, 'resumed.zip');
    const url = `${nginx.url}/downloads/${id}/content`;
    const save = async (...args: string[]) => {
      const requestId = randomUUID();
      const header = `X-Request-Id: ${requestId}`;
      await run('curl', ['-sf', '-u', AS_ALICE, '-H', header, '-o', file, ...args, url]);
      return requestId;
    };
    const requestIds = [await save('-r', '0-7999999'), await save('-C', '-')];
    expect(sha256(await readFile(file))).toBe(sha256(whole));
    expect(await answeredByAll(requestIds)).toEqual([0, 1]);
  });

  it('accept each other’s signed links, which name nginx', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const signed = await ask('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await signed.answer.json()) as { entry: { contentUrl: string } };
    expect(new URL(entry.contentUrl).origin).toBe(nginx.url);
    const requestIds = [randomUUID(), randomUUID()];
    for (const requestId of requestIds) {
      const answer = await fetch(entry.contentUrl, { headers: { 'x-request-id': requestId } });
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
    expect(await answeredByAll(requestIds)).toEqual([0, 1]);
    expect(await nginx.logs()).not.toMatch(/[?&]link=/);
  });

  it('make one download of requests with one Idempotency-Key', async () => {
    const before = new Set(sandbox.downloadIds());
    const post = () =>
      ask('POST', '/downloads', {
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      });
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, post));
    // Once for each replica: what the first ten were told depends on who was first.
    answers.push(await post(), await post());
    const made = answers.filter(({ answer }) => answer.status === 202);
    const refused = answers.filter(({ answer }) => answer.status === 409);
    expect(made.length + refused.length).toBe(answers.length);
    const ids = await Promise.all(
      made.map(async ({ answer }) => ((await answer.json()) as { entry: DownloadBody }).entry.id),
    );
    expect(sandbox.downloadIds().filter((id) => !before.has(id))).toEqual([...new Set(ids)]);
    expect(await answeredByAll(made.map(({ requestId }) => requestId))).toEqual([0, 1]);
  });

  it('count wrong passwords together, by the address that nginx saw', async () => {
    const authorization = basic({ name: 'mallory', password: 'a wrong password' });
    const requestIds: string[] = [];
    const statuses: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const headers = { authorization, 'x-forwarded-for': `203.0.113.${attempt}` };
      const { requestId, answer } = await ask('GET', '/downloads', { headers });
      requestIds.push(requestId);
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
    expect(await answeredByAll(requestIds)).toEqual([0, 1]);
  });

  it.each(['/metrics', '/metrics/', '//metrics', '/%6Detrics', '/docs/../metrics', '/metrics?a'])(
    'keep what they measure from callers: %s',
    async (path) => {
      const { port } = new URL(nginx.url);
      const { stdout } = await run('curl', [
        '-s',
        '--path-as-is',
        '-w',
        '%{http_code}',
        `http://127.0.0.1:${port}${path}`,
      ]);
      expect(stdout).toMatch(/404$/);
      expect(stdout).not.toContain('bff_');
    },
  );
});

/** Starts saving a ZIP and finds out which replica sends it. */
async function replicaThatSends(): Promise<number> {
  const open = await until(
    () => gauges('bff_content_streams_open'),
    (counts) => counts.includes(1),
  );
  return open.indexOf(1);
}

describe('a replica that ends while it sends a ZIP', () => {
  let id: string | undefined;
  let expected: string | undefined;

  beforeEach(async () => {
    id ??= await api.make([SAMPLE_NODES.largeFile]);
    expected ??= sha256(await api.content(id));
  }, 60_000);

  it('by SIGTERM: the ZIP comes whole, and nobody else notices', { timeout: 60_000 }, async () => {
    const answer = await api.request('GET', `/downloads/${id}/content`);
    const reader = answer.body!.getReader();
    const chunks = [Buffer.from((await reader.read()).value ?? [])];
    const index = await replicaThatSends();
    const ending = replicas[index]!;
    ending.child.kill('SIGTERM');
    await until(
      async () => (await fetch(`${ending.url}/health/ready`)).status,
      (status) => status === 503,
    );
    for (let i = 0; i < 6; i += 1) {
      const { answer: other, requestId } = await ask('GET', `/downloads/${id}`);
      expect(other.status).toBe(200);
      expect(await answeredBy(requestId)).toBe(1 - index);
    }
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(Buffer.from(value));
    }
    expect(sha256(Buffer.concat(chunks))).toBe(expected);
    expect(await ending.exit()).toBe(0);
    for (let i = 0; i < 4; i += 1) await api.start([SAMPLE_NODES.textFile]);
    replicas[index] = await startReplica(ports[index]!);
  });

  it(
    'by kill -9: who asks again gets the rest from the other, and has the whole ZIP',
    { timeout: 60_000 },
    async () => {
      const signed = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
      const { entry } = (await signed.json()) as { entry: { contentUrl: string } };
      const file = join(directory, 'killed.zip');
      const save = ['-sf', '-C', '-', '-o', file, entry.contentUrl];
      const first = spawn('curl', ['--limit-rate', '20M', ...save], { stdio: 'ignore' });
      const ended = once(first, 'exit');
      const index = await replicaThatSends();
      await until(
        async () => (await stat(file).catch(() => undefined))?.size ?? 0,
        (size) => size > 1_000_000,
      );
      replicas[index]!.child.kill('SIGKILL');
      // What curl says of a file that is shorter than announced.
      expect((await ended)[0]).toBe(18);
      expect((await stat(file)).size).toBeLessThan(LARGE_BYTES);

      await run('curl', save);
      expect(sha256(await readFile(file))).toBe(expected);
      expect(await nginx.logs()).not.toMatch(/[?&]link=/);
      replicas[index] = await startReplica(ports[index]!);
    },
  );
});
