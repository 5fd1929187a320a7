import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { UpstreamPolicy } from '#service/alfresco/upstream/upstream.policy.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Fault, type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { FaultProxy } from '../harness/fault-proxy.js';
import { captureOutput, leaksIn } from '../harness/leaks.js';
import { until } from '../harness/polling.js';

const CONTENT = { method: 'GET', path: /\/content$/ };
/** Whatever is left of a ZIP. */
const ALWAYS = { ...CONTENT, times: Infinity };

let sandbox: Sandbox;
let proxy: FaultProxy;
let bff: Bff;
let api: DownloadsApi;
let id: string;
let sha256: string;
let size: number;
let resumes: string[];
let output: ReturnType<typeof captureOutput>;

async function start(variables: Record<string, string> = {}): Promise<void> {
  output = captureOutput();
  sandbox = await startSandbox();
  proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
  bff = await startBff(sandbox.url.replace(/:\d+\//, `:${proxy.port}/`), {
    LOG_LEVEL: 'log',
    ALFRESCO_IDLE_TIMEOUT_MS: '3000',
    ...variables,
  });
  api = DownloadsApi.ofBff(bff.url);
  id = await api.make([SAMPLE_NODES.mediumFile]);
  const zip = await api.content(id);
  size = zip.length;
  sha256 = hash(zip);
  sandbox.clearRequests();
  resumes = [];
  bff.app.get(UpstreamPolicy).events.on('resume', ({ outcome, cause }) => {
    if (outcome === 'resumed') resumes.push(cause);
  });
}
afterEach(async () => {
  await bff.close();
  await proxy.close();
  await sandbox.close();
  output.stop();
  expect(leaksIn(output.text())).toEqual([]);
});

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const log = () => stripVTControlCharacters(output.text());
const contentRequests = () => sandbox.requests.filter(({ url }) => url.endsWith('/content'));

function save(headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${bff.url}/downloads/${id}/content`, { headers: { ...AS_ALICE, ...headers } });
}
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

/** It breaks in the middle, and then this happens. */
async function breakFor(fault: Fault): Promise<void> {
  sandbox.fail({ kind: 'truncate', afterBytes: 1_000_000 }, CONTENT);
  sandbox.fail(fault, ALWAYS);
  const answer = await save();
  expect(answer.status).toBe(200);
  await expect(answer.arrayBuffer()).rejects.toThrow();
  await until(log, (text) => text.includes('ALFRESCO_CUT'));
}

const partial = (headers: Record<string, string>): Fault => ({
  kind: 'status',
  status: 206,
  body: 'WRONG',
  headers,
});

describe('a ZIP', () => {
  it.each<[Fault['kind'], (size: number) => number]>([
    ['truncate', () => 1],
    ['truncate', () => 12_345_678],
    ['truncate', (all) => all - 1],
    ['reset-mid-body', () => 1],
    ['reset-mid-body', () => 12_345_678],
    ['reset-mid-body', (all) => all - 1],
    ['stall-mid-body', () => 12_345_678],
  ])('that suffers a %s is saved whole', async (kind, at) => {
    await start();
    sandbox.fail({ kind, afterBytes: at(size) } as Fault, CONTENT);
    const answer = await save();
    expect(answer.headers.get('content-length')).toBe(String(size));
    expect(hash(await bytesOf(answer))).toBe(sha256);
    expect(contentRequests()).toHaveLength(2);
    // One that breaks so early that the first byte gets lost is not resumed, but asked for anew.
    const { range = `bytes=0-${size - 1}` } = contentRequests()[1]!.headers;
    expect(range).toMatch(new RegExp(`^bytes=\\d+-${size - 1}$`));
  });

  it('that breaks again and again is saved whole', async () => {
    await start();
    for (let cut = 0; cut < 15; cut += 1) {
      const kind = cut % 2 ? 'truncate' : 'reset-mid-body';
      sandbox.fail({ kind, afterBytes: 1_000_000 + cut * 1000 }, CONTENT);
    }
    expect(hash(await bytesOf(await save()))).toBe(sha256);
    expect(resumes).toHaveLength(15);
  });

  it('of which a range was asked for goes on within the range', async () => {
    await start();
    sandbox.fail({ kind: 'truncate', afterBytes: 3_000_000 }, CONTENT);
    const whole = await bytesOf(await save());
    sandbox.clearRequests();
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 3_000_000 }, CONTENT);
    const answer = await save({ range: 'bytes=5000000-11999999' });
    expect(answer.status).toBe(206);
    expect((await bytesOf(answer)).equals(whole.subarray(5_000_000, 12_000_000))).toBe(true);
    expect(contentRequests()[1]!.headers.range).toMatch(/^bytes=\d+-11999999$/);
  });

  it('whose connection breaks after the last byte is asked for once', async () => {
    await start();
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: size }, CONTENT);
    expect(hash(await bytesOf(await save()))).toBe(sha256);
    expect(contentRequests()).toHaveLength(1);
  });

  it('survives a restart of Alfresco', async () => {
    await start({ ALFRESCO_IDLE_TIMEOUT_MS: '20000' });
    sandbox.fail({ kind: 'drip', bytesPerSecond: 20_000_000 }, CONTENT);
    const answer = await save();
    const saved = bytesOf(answer);
    await until(
      () => contentRequests()[0]?.bytesSent ?? 0,
      (bytes) => bytes > 2_000_000,
    );
    const listen = await proxy.refuse();
    await sleep(1000);
    await listen();
    expect(hash(await saved)).toBe(sha256);
    expect(resumes).not.toEqual([]);
  });

  it('goes on with a new ticket when the old one has died meanwhile', async () => {
    await start({ ALFRESCO_AUTH: 'ticket' });
    sandbox.fail({ kind: 'stall-mid-body', afterBytes: 5_000_000 }, CONTENT);
    const answer = await save();
    sandbox.expireTickets();
    expect(hash(await bytesOf(answer))).toBe(sha256);
    expect(contentRequests().map(({ status }) => status)).toEqual([200, 401, 206]);
  });

  it('leaves a line in the log for each time, with the id of the request', async () => {
    await start();
    sandbox.fail({ kind: 'truncate', afterBytes: 1_000_000 }, CONTENT);
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 1_000_000 }, CONTENT);
    await bytesOf(await save({ 'x-request-id': 'heal-me' }));
    const lines = log()
      .split('\n')
      .filter((line) => line.includes('ALFRESCO_RESUMED'));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/\[heal-me\] [A-Z_]+, at byte \d+/);
    expect(log()).not.toContain('.zip');
  });
});

describe('a ZIP that cannot go on', () => {
  it.each<[string, Fault]>([
    ['is removed', { kind: 'status', status: 404 }],
    ['may not be read any more', { kind: 'status', status: 403 }],
    ['is refused', { kind: 'status', status: 416 }],
    ['is redirected', { kind: 'redirect', location: 'http://127.0.0.1:1/' }],
    ['becomes a page of HTML', { kind: 'html', status: 200 }],
    ['starts from the beginning', { kind: 'status', status: 200, body: 'PK' }],
    ['has another range', partial({ 'Content-Range': 'bytes 0-4/5' })],
    ['has no range', partial({})],
  ])('cuts the caller off at once when it %s', async (_what, fault) => {
    await start();
    await breakFor(fault);
    expect(contentRequests()).toHaveLength(2);
    expect(resumes).toEqual([]);
  });

  it('cuts the caller off when Alfresco stays away', async () => {
    await start({ ALFRESCO_IDLE_TIMEOUT_MS: '1000' });
    await breakFor({ kind: 'reset' });
    expect(contentRequests().length).toBeGreaterThan(2);
  });

  it('is not asked for any more when its caller has left', async () => {
    await start();
    sandbox.fail({ kind: 'truncate', afterBytes: 1_000_000 }, CONTENT);
    sandbox.fail({ kind: 'hang' }, ALWAYS);
    const caller = new AbortController();
    const answer = await fetch(`${bff.url}/downloads/${id}/content`, {
      headers: AS_ALICE,
      signal: caller.signal,
    });
    const reading = answer.arrayBuffer();
    await until(contentRequests, (requests) => requests.length === 2);
    caller.abort();
    await expect(reading).rejects.toThrow();
    await until(
      () => contentRequests()[1]!.aborted,
      (isAborted) => isAborted,
    );
    await sleep(1500);
    expect(contentRequests()).toHaveLength(2);
    expect(log()).not.toContain('ALFRESCO_CUT');
  });

  it('is let go of when its signal is aborted', async () => {
    await start();
    sandbox.fail({ kind: 'stall-mid-body', afterBytes: 1_000_000 }, CONTENT);
    const client = bff.app.get(AlfrescoClient);
    const node = await client.getDownloadNode(id);
    const caller = new AbortController();
    const content = await client.openContent(node, { start: 0, end: size - 1 }, caller.signal);
    caller.abort();
    expect(content.destroyed).toBe(true);
    await until(
      () => contentRequests()[0]!.aborted,
      (isAborted) => isAborted,
    );
  });
});
