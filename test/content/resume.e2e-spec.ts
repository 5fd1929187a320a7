import { createHash, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { TransferLimiter } from '#service/alfresco/content/transfer-limiter.js';
import { CircuitBreakers } from '#service/alfresco/http/circuit-breaker.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Fault, Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { AS_ALICE } from '../harness/callers.js';
import { FaultProxy } from '../harness/fault-proxy.js';
import { type Setup, configured } from '../harness/fixtures.js';
import { captureOutput, leaksIn } from '../harness/leaks.js';
import { until } from '../harness/polling.js';
import { RequestLog } from '../harness/request-log.js';
import { Scrape } from '../harness/scrape.js';

const CONTENT = { method: 'GET', path: /\/content$/ };
const ALL_CONTENT = { ...CONTENT, times: Infinity };
const MIDDLE = 12_345_678;
const log = new RequestLog();

const it = resuming();
/** Tests wait this long in real time; bytes of a working Alfresco arrive sooner even on a busy machine. */
const IDLE_MS = 1500;
const withShortIdleTimeout = resuming({
  variables: { ALFRESCO_AUTH: 'ticket', ALFRESCO_IDLE_TIMEOUT_MS: String(IDLE_MS) },
});
/** Tests with breakers that stay open longer than any test. */
const withLastingBreakers = resuming({
  pacing: { breaker: { firstMs: 600_000, longestMs: 600_000 } },
});

/** A few transfers at a time, so that more clients wait than are served. */
const crowded = resuming({
  variables: { MAX_TRANSFERS_PER_CALLER: '6' },
  pacing: { breaker: { firstMs: 600_000, longestMs: 600_000 } },
});

/** Tests with a finished ZIP of 20 MB, and a service that resumes a transfer within milliseconds. */
function resuming({ variables, pacing }: Setup = {}) {
  return configured({
    variables,
    pacing: {
      resume: { firstMs: 2, longestMs: 10 },
      retry: { firstMs: 2, longestMs: 10 },
      breaker: { firstMs: 1, longestMs: 1 },
      ...pacing,
    },
    onLine: log.add,
  })
    .extend('zip', { scope: 'file' }, async ({ bff, runningSandbox }) => {
      const api = DownloadsApi.ofBff(bff.url);
      const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
      const bytes = await api.content(id);
      // The set-up must not count as requests of the first test.
      runningSandbox.clearRequests();
      return { id, bytes };
    })
    .extend(
      'save',
      ({ bff, zip }) =>
        (init: RequestInit = {}) =>
          DownloadsApi.ofBff(bff.url).request('GET', `/downloads/${zip.id}/content`, init),
    );
}

let output: ReturnType<typeof captureOutput>;

beforeAll(() => {
  output = captureOutput();
});
afterAll(() => {
  output.stop();
  expect(leaksIn(output.text() + JSON.stringify(log.lines))).toEqual([]);
});

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const contentRequests = (sandbox: Sandbox) =>
  sandbox.requests.filter(({ url }) => url.endsWith('/content'));

/** Log messages about the request that begin with this word. */
const messages = (word: string, requestId: string) =>
  log.lines.map(({ msg }) => msg).filter((msg) => msg.startsWith(`${word} [${requestId}]`));

type Save = (init?: RequestInit) => Promise<Response>;

/**
 * Alfresco closes the connection in the middle, and does this on every request for the rest. The client's connection has
 * to be cut.
 */
async function cutWith(fault: Fault, sandbox: Sandbox, save: Save): Promise<string> {
  sandbox.fail({ kind: 'truncate', afterBytes: 1_000_000 }, CONTENT);
  sandbox.fail(fault, ALL_CONTENT);
  const requestId = randomUUID();
  const response = await save({ headers: { 'x-request-id': requestId } });
  expect(response.status).toBe(200);
  await expect(response.arrayBuffer()).rejects.toThrow();
  await until(
    () => messages('ALFRESCO_CUT', requestId),
    (found) => found.length > 0,
  );
  return requestId;
}

const partial = (headers: Record<string, string>): Fault => ({
  kind: 'status',
  status: 206,
  body: 'WRONG',
  headers,
});

describe('a ZIP', () => {
  it.for<[string, Fault['kind'], (size: number) => number]>([
    ['closes the connection after the first byte', 'truncate', () => 1],
    ['closes the connection in the middle', 'truncate', () => MIDDLE],
    ['closes the connection before the last byte', 'truncate', (size) => size - 1],
    ['resets the connection after the first byte', 'reset-mid-body', () => 1],
    ['resets the connection in the middle', 'reset-mid-body', () => MIDDLE],
    ['resets the connection before the last byte', 'reset-mid-body', (size) => size - 1],
  ])('arrives whole when Alfresco %s', async ([, kind, at], { sandbox, zip, save }) => {
    const size = zip.bytes.length;
    sandbox.fail({ kind, afterBytes: at(size) } as Fault, CONTENT);
    const response = await save();
    expect(response.headers.get('content-length')).toBe(String(size));
    expect(hash(await bytesOf(response))).toBe(hash(zip.bytes));
    const requests = contentRequests(sandbox);
    expect(requests).toHaveLength(2);
    // If the first byte is lost with the connection, the request is retried rather than resumed.
    const { range = `bytes=0-${size - 1}` } = requests[1]!.headers;
    expect(range).toMatch(new RegExp(`^bytes=\\d+-${size - 1}$`));
  });

  withShortIdleTimeout(
    'arrives whole when Alfresco stops sending in the middle',
    async ({ sandbox, zip, save }) => {
      const size = zip.bytes.length;
      sandbox.fail({ kind: 'stall-mid-body', afterBytes: MIDDLE }, CONTENT);
      const response = await save();
      expect(response.headers.get('content-length')).toBe(String(size));
      expect(hash(await bytesOf(response))).toBe(hash(zip.bytes));
      const requests = contentRequests(sandbox);
      expect(requests).toHaveLength(2);
      expect(requests[1]!.headers.range).toMatch(new RegExp(`^bytes=\\d+-${size - 1}$`));
    },
  );

  it('arrives whole when its connection breaks again and again', async ({ sandbox, zip, save }) => {
    for (let cut = 0; cut < 15; cut += 1) {
      const kind = cut % 2 ? 'truncate' : 'reset-mid-body';
      sandbox.fail({ kind, afterBytes: 1_000_000 + cut * 1000 }, CONTENT);
    }
    const requestId = randomUUID();
    const response = await save({ headers: { 'x-request-id': requestId } });
    expect(hash(await bytesOf(response))).toBe(hash(zip.bytes));
    expect(messages('ALFRESCO_RESUMED', requestId)).toHaveLength(15);
  });

  it('is resumed within the range that the client requested', async ({ sandbox, zip, save }) => {
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 3_000_000 }, CONTENT);
    const response = await save({ headers: { range: 'bytes=5000000-11999999' } });
    expect(response.status).toBe(206);
    expect((await bytesOf(response)).equals(zip.bytes.subarray(5_000_000, 12_000_000))).toBe(true);
    expect(contentRequests(sandbox)[1]!.headers.range).toMatch(/^bytes=\d+-11999999$/);
  });

  it('is requested once when its connection breaks after the last byte', async ({
    api,
    sandbox,
  }) => {
    // Small enough to arrive completely before the reset.
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const whole = await api.content(id);
    sandbox.clearRequests();
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: whole.length }, CONTENT);
    expect(await api.content(id)).toEqual(whole);
    expect(contentRequests(sandbox)).toHaveLength(1);
  });

  it('arrives whole although Alfresco is restarted during the transfer', async ({ sandbox }) => {
    const proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
    const bff = await startBff(
      sandbox.url.replace(/:\d+\//, `:${proxy.port}/`),
      {},
      { onLine: log.add },
    );
    try {
      const api = DownloadsApi.ofBff(bff.url);
      const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
      const whole = await api.content(id);
      sandbox.clearRequests();
      sandbox.fail({ kind: 'drip', bytesPerSecond: 4_000_000 }, CONTENT);
      const requestId = randomUUID();
      const saved = api
        .request('GET', `/downloads/${id}/content`, { headers: { 'x-request-id': requestId } })
        .then(bytesOf);
      await until(
        () => contentRequests(sandbox)[0]?.bytesSent ?? 0,
        (bytes) => bytes > 1_000_000,
      );
      const listen = await proxy.refuse();
      await until(
        async () =>
          (await Scrape.of(bff.url)).value('bff_upstream_request_duration_seconds_count', {
            operation: 'GET /nodes/{id}/content',
            status: 'unreachable',
          }) ?? 0,
        (refused) => refused > 0,
      );
      await listen();
      expect(hash(await saved)).toBe(hash(whole));
      expect(messages('ALFRESCO_RESUMED', requestId)).not.toEqual([]);
    } finally {
      await bff.close();
      await proxy.close();
    }
  });

  it.for<[string, Fault]>([
    ['resets the connection', { kind: 'reset' }],
    ['is Tomcat without its web application', { kind: 'html', status: 404 }],
    ['is a proxy that responds with 502', { kind: 'html', status: 502 }],
    ['is a proxy that responds with 503', { kind: 'html', status: 503 }],
    ['is a proxy that shows an error page with 200', { kind: 'html', status: 200 }],
    ['fails with 500', { kind: 'status', status: 500 }],
  ])(
    'arrives whole when the server that should send the rest, 40 times, %s',
    async ([, fault], { sandbox, zip, save }) => {
      sandbox.fail({ kind: 'truncate', afterBytes: MIDDLE }, CONTENT);
      sandbox.fail(fault, { ...CONTENT, times: 40 });
      expect(hash(await bytesOf(await save()))).toBe(hash(zip.bytes));
      expect(contentRequests(sandbox)).toHaveLength(42);
    },
  );

  withLastingBreakers(
    'arrives whole although the circuit breaker is open for other requests',
    async ({ bff, sandbox, zip, save }) => {
      sandbox.fail({ kind: 'truncate', afterBytes: MIDDLE }, CONTENT);
      sandbox.fail({ kind: 'reset' }, ALL_CONTENT);
      const saved = save().then(bytesOf);
      await until(
        () => contentRequests(sandbox).length,
        (count) => count > 1,
      );
      for (let count = 0; count < 5; count += 1) expect((await save()).status).toBe(502);
      const states = bff.app.get(CircuitBreakers).states();
      expect(states).toContainEqual({ operation: 'content', state: 'open' });
      sandbox.clearFaults();
      expect(hash(await saved)).toBe(hash(zip.bytes));
      expect((await save()).status).toBe(503);
    },
  );

  withShortIdleTimeout(
    'is resumed with a new ticket when the old one has expired meanwhile',
    async ({ sandbox, zip, save }) => {
      sandbox.fail({ kind: 'stall-mid-body', afterBytes: 5_000_000 }, CONTENT);
      const response = await save();
      sandbox.expireTickets();
      expect(hash(await bytesOf(response))).toBe(hash(zip.bytes));
      expect(contentRequests(sandbox).map(({ status }) => status)).toEqual([200, 401, 206]);
    },
  );

  it('leaves a log line with the request id each time it is resumed', async ({ sandbox, save }) => {
    sandbox.fail({ kind: 'truncate', afterBytes: 1_000_000 }, CONTENT);
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 1_000_000 }, CONTENT);
    await bytesOf(await save({ headers: { 'x-request-id': 'resume-me' } }));
    const lines = messages('ALFRESCO_RESUMED', 'resume-me');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/\[resume-me\] [A-Z_]+, at byte \d+/);
    expect(JSON.stringify(log.lines)).not.toContain('.zip');
  });
});

describe('a ZIP that cannot be resumed', () => {
  it.for<[string, Fault]>([
    ['has removed it', { kind: 'status', status: 404 }],
    ['no longer lets it be read', { kind: 'status', status: 403 }],
    ['rejects the range', { kind: 'status', status: 416 }],
    ['redirects', { kind: 'redirect', location: 'http://127.0.0.1:1/' }],
    ['starts from the beginning', { kind: 'status', status: 200, body: 'PK' }],
    ['sends another range', partial({ 'Content-Range': 'bytes 0-4/5' })],
    ['does not name the range that it sends', partial({})],
  ])(
    'is cut short at once, for the client to notice, when Alfresco %s',
    async ([, fault], { sandbox, save }) => {
      const requestId = await cutWith(fault, sandbox, save);
      expect(contentRequests(sandbox)).toHaveLength(2);
      expect(messages('ALFRESCO_RESUMED', requestId)).toEqual([]);
    },
  );

  withShortIdleTimeout.for<[string, Fault]>([
    ['stays away', { kind: 'reset' }],
    ['is replaced by a page with 404', { kind: 'html', status: 404 }],
    ['is replaced by a page with 200', { kind: 'html', status: 200 }],
  ])(
    'is cut short when Alfresco %s for ALFRESCO_IDLE_TIMEOUT_MS and no sooner',
    async ([, fault], { sandbox, save }) => {
      const begun = performance.now();
      await cutWith(fault, sandbox, save);
      expect(performance.now() - begun).toBeGreaterThan(IDLE_MS - 100);
      expect(contentRequests(sandbox).length).toBeGreaterThan(20);
    },
  );

  it('is no longer requested once its client has disconnected', async ({ sandbox, save }) => {
    sandbox.fail({ kind: 'truncate', afterBytes: 1_000_000 }, CONTENT);
    sandbox.fail({ kind: 'hang' }, ALL_CONTENT);
    const client = new AbortController();
    const requestId = randomUUID();
    const response = await save({
      headers: { 'x-request-id': requestId },
      signal: client.signal,
    });
    const reading = response.arrayBuffer();
    await until(
      () => contentRequests(sandbox),
      (requests) => requests.length === 2,
    );
    client.abort();
    await expect(reading).rejects.toThrow();
    await until(
      () => contentRequests(sandbox)[1]!.aborted,
      (isAborted) => isAborted,
    );
    await log.line(requestId);
    // Many times the pause before another attempt.
    await sleep(200);
    expect(contentRequests(sandbox)).toHaveLength(2);
    expect(messages('ALFRESCO_CUT', requestId)).toEqual([]);
  });

  crowded(
    'counts neither as cut nor as a failure of Alfresco when all its clients disconnect at once, active or queued',
    async ({ bff, zip }) => {
      const transfers = bff.app.get(TransferLimiter);
      const ids = Array.from({ length: 3 * transfers.callerLimit }, () => randomUUID());
      for (let round = 0; round < 3; round += 1) {
        const sockets = ids.map((id) => {
          const socket = connect(bff.port, '127.0.0.1').pause();
          const head = [
            `GET /downloads/${zip.id}/content HTTP/1.1`,
            'Host: a',
            `Authorization: ${AS_ALICE.authorization}`,
            `X-Request-Id: ${id}-${round}`,
          ];
          socket.write(`${head.join('\r\n')}\r\n\r\n`);
          return socket;
        });
        await until(
          () => transfers.waiting,
          (waiting) => waiting === 2 * transfers.callerLimit,
        );
        // At a different moment of the transfers in each round.
        await sleep(3 * round);
        for (const socket of sockets) socket.resetAndDestroy();
        for (const id of ids) await log.line(`${id}-${round}`);
        await until(
          () => transfers.activeTransfers,
          (active) => active === 0,
        );
      }
      for (const id of ids)
        for (let round = 0; round < 3; round += 1)
          expect(messages('ALFRESCO_CUT', `${id}-${round}`)).toEqual([]);
      const states = bff.app.get(CircuitBreakers).states();
      expect(states.filter(({ state }) => state !== 'closed')).toEqual([]);
    },
  );

  it('is released when its signal is aborted', async ({ bff, sandbox, zip }) => {
    sandbox.fail({ kind: 'stall-mid-body', afterBytes: 1_000_000 }, CONTENT);
    const client = bff.app.get(AlfrescoClient);
    const node = await client.getDownloadNode(zip.id);
    const caller = new AbortController();
    const holder = { key: 'alice', isLinked: false };
    const range = { start: 0, end: zip.bytes.length - 1 };
    const content = await client.openContent(node, range, holder, caller.signal);
    caller.abort();
    expect(content.destroyed).toBe(true);
    await until(
      () => contentRequests(sandbox)[0]!.aborted,
      (isAborted) => isAborted,
    );
  });
});
