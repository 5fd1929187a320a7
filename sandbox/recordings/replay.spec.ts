import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { entriesOf } from '../testing/test-client.ts';
import { startSandbox, type Sandbox } from '../sandbox.ts';
import { BIG_DONE_BYTES, DOWNLOADS, FIXTURE_NODES, NODE_IDS, USERS } from './fixture.ts';
import { Placeholders } from './placeholders.ts';
import {
  DIFFERENCES,
  headersOf,
  RECORDINGS,
  type RecordedCase,
  type RecordedResponse,
} from './recordings.ts';
import { sendRaw, type RawResponse } from './raw-client.ts';

const CORE = '/alfresco/api/-default-/public/alfresco/versions/1';
const AUTHENTICATION = '/alfresco/api/-default-/public/authentication/versions/1';
const CONCURRENT_JOBS = 8;
/** Name prefix of the cases that were recorded with curl. */
const BY_CURL = /^[a-g]/;
const CURL_HEADERS = { 'User-Agent': 'curl/7.88.1', Accept: '*/*' };
const NOTICE =
  'For security reasons the stack trace is no longer displayed, but the property is kept for previous versions';
const FIXED_VALUES: Readonly<Record<string, string>> = {
  ...NODE_IDS,
  core: CORE,
  auth: AUTHENTICATION,
  'unknown user': 'nobody',
  password: 'secret',
  'bytes of the big one': String(BIG_DONE_BYTES),
};

const HOLD = 0;
const SLOW = 60_000_000;
const FULL_SPEED = undefined;

/** Preparation of a case. Without it, its downloads must have ended. */
interface Preparation {
  /** Speed of the jobs, in bytes per second. */
  pace?: number | undefined;
  /** The status that the download of the case must reach; `null`: any. */
  until?: string | null;
  /** Speed of the jobs once the status is reached. */
  thenPace?: number;
  /** Downloads that occupy every thread. */
  fillQueueWith?: string;
  do?: (replay: Replay) => Promise<void>;
}

const PREPARATIONS: Readonly<Record<string, Preparation>> = {
  'b10-post': { pace: HOLD },
  'b10-poll-1': { until: 'IN_PROGRESS' },
  'b10-poll-2': { pace: FULL_SPEED },
  'd01-post-big': { pace: HOLD },
  'd01-poll-1': { until: 'IN_PROGRESS' },
  'd01-poll-2': { until: 'IN_PROGRESS' },
  'd01-poll-3': { until: 'IN_PROGRESS' },
  'd01-content-while-running': { until: 'IN_PROGRESS' },
  'd01-nodeinfo-while-running': { until: 'IN_PROGRESS' },
  'd02-delete-running': { until: 'IN_PROGRESS' },
  'd02-poll-after-delete-1': { pace: FULL_SPEED },
  'd05-delete-at-once': { until: null },
  'e20-post-big': { pace: HOLD },
  'e21-delete-node-running': { until: 'IN_PROGRESS' },
  'e31-delete-node-running-permanent': { until: 'IN_PROGRESS' },
  'p50-node-pending': { pace: HOLD, fillQueueWith: 'folder', until: null },
  'p50b-content-pending': { until: null },
  'p50c-content-pending-ims': { until: null },
  'p50d-content-pending-range': { until: null },
  'p51-stamp-running': { pace: SLOW, until: 'IN_PROGRESS', thenPace: HOLD },
  'p51b-get-after-stamp': { until: 'IN_PROGRESS' },
  'p52-cancel': { until: 'IN_PROGRESS' },
  'p52b-poll': { pace: FULL_SPEED },
  'p70-node-waiting': { pace: HOLD, fillQueueWith: 'bigFolder', until: null },
  'p70b-delete-waiting': { until: null },
  'p70c-get-waiting-cancelled': { until: null },
  'f06b-alf_ticket-content': { do: (replay) => replay.logIn('admin') },
  'p55-container-admin': {
    async do({ sandbox }) {
      sandbox.addDownload('admin', [NODE_IDS.hiddenFile]);
      sandbox.addDownload('admin', [NODE_IDS.signsFile]);
      while (sandbox.downloadIds().length < 47) sandbox.addDownload('admin', [NODE_IDS.file100]);
    },
  },
  'p56f-nodes-post-content-type': {
    async do(replay) {
      await replay.call('DELETE', '/downloads/{id of a01-two-nodes}', 'admin');
    },
  },
  'p65-guard': {
    async do(replay) {
      for (let failures = 0; failures < 11; failures += 1)
        await replay.call('GET', '/nodes/-root-', 'eve', 'wrong');
    },
  },
};

/** Replays the cases of one subject against one stand-in. */
class Replay {
  readonly sandbox: Sandbox;
  readonly #port: number;
  readonly #placeholders: Placeholders;
  readonly #contents = new Map<string, Buffer>();

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    this.#port = Number(new URL(sandbox.url).port);
    this.#placeholders = new Placeholders(
      (name) => FIXED_VALUES[name] ?? this.#existingDownload(name),
    );
  }

  /** The differences between the stand-in's response and Alfresco's. */
  async differences(recorded: RecordedCase): Promise<string[]> {
    await this.#prepare(recorded);
    const [, method = '', path = ''] = /^(\w+) (.*)$/.exec(recorded.request) ?? [];
    const target = this.#target(path);
    const { response, isClosed } = await sendRaw(this.#port, {
      method,
      target,
      headers: this.#requestHeaders(recorded),
      ...(recorded.body === undefined ? {} : { body: this.#placeholders.fill(recorded.body) }),
      isChunked: recorded.framing === 'chunked',
    });
    this.#placeholders.expectNew(`id of ${recorded.name}`);
    const modified = response.headers['Last-Modified'];
    if (modified !== undefined)
      this.#placeholders.set('Last-Modified of the answer without conditions', modified);
    return [
      ...this.#compareHead(recorded.response, response, isClosed),
      ...(await this.#compareBody(recorded, response, target)),
    ];
  }

  /** Sends a request that is not part of the case. */
  async call(method: string, path: string, user: string, password = user): Promise<Response> {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const url = new URL(this.#target(path), this.sandbox.url);
    return fetch(url, { method, headers: { authorization } });
  }

  /** Gets the ticket of a user. */
  async logIn(user: string): Promise<void> {
    const response = await fetch(new URL(`${AUTHENTICATION}/tickets`, this.sandbox.url), {
      method: 'POST',
      body: JSON.stringify({ userId: user, password: user }),
    });
    const { entry } = (await response.json()) as { entry: { id: string } };
    this.#placeholders.set('ticket', entry.id);
  }

  #target(path: string): string {
    const target = this.#placeholders.fill(path);
    return target.startsWith('/alfresco/') ? target : `${CORE}${target}`;
  }

  #requestHeaders({ name, as, headers = {} }: RecordedCase): [string, string][] {
    const all = {
      ...(BY_CURL.test(name) ? CURL_HEADERS : {}),
      ...(as === undefined ? {} : { Authorization: `Basic {base64 of ${as}:${as}}` }),
      ...headers,
    };
    return Object.entries(all).map(([key, value]) => [key, this.#placeholders.fill(value)]);
  }

  #existingDownload(name: string): string | undefined {
    const [userId, ...nodes] = DOWNLOADS[name] ?? [];
    if (userId === undefined) return undefined;
    const id = this.sandbox.addDownload(
      userId,
      nodes.map((node) => this.#placeholders.value(node) ?? node),
    );
    this.#placeholders.set(name, id);
    return id;
  }

  async #prepare(recorded: RecordedCase): Promise<void> {
    const preparation = PREPARATIONS[recorded.name] ?? {};
    if ('pace' in preparation) this.sandbox.bytesPerSecond = preparation.pace;
    if (preparation.fillQueueWith !== undefined) {
      const node = this.#placeholders.value(preparation.fillQueueWith) ?? '';
      for (let jobs = 0; jobs < CONCURRENT_JOBS; jobs += 1)
        this.sandbox.addDownload('admin', [node]);
    }
    await preparation.do?.(this);
    if (preparation.until !== null) {
      for (const id of this.#downloadsOf(recorded)) await this.#waitFor(id, preparation.until);
    }
    if (preparation.thenPace !== undefined) this.sandbox.bytesPerSecond = preparation.thenPace;
  }

  #downloadsOf({ request, body = '' }: RecordedCase): string[] {
    const named = `${request} ${body}`.matchAll(/\{(id of [^{}"]+|\w+Download)\}/g);
    return [...named].flatMap(([, name = '']) => this.#placeholders.value(name) ?? []);
  }

  async #waitFor(id: string, wanted: string | undefined): Promise<void> {
    for (;;) {
      const response = await this.call('GET', `/downloads/${id}`, 'admin');
      if (response.status === 404) return;
      const { entry } = (await response.json()) as { entry: { status: string } };
      const hasEnded = !['PENDING', 'IN_PROGRESS'].includes(entry.status);
      if (wanted === undefined ? hasEnded : entry.status === wanted) return;
      await sleep(2);
    }
  }

  #compareHead(expected: RecordedResponse, actual: RawResponse, isClosed: boolean): string[] {
    const differences: string[] = [];
    if (actual.status !== expected.status)
      differences.push(`status ${actual.status}, not ${expected.status}`);
    if (actual.reason !== ' ') differences.push(`reason "${actual.reason}"`);
    const { Date: date, ...headers } = actual.headers;
    if (date === undefined) differences.push('no Date');
    const wanted = { ...headersOf(expected), ...(expected.closes ? { Connection: 'close' } : {}) };
    for (const name of new Set([...Object.keys(headers), ...Object.keys(wanted)])) {
      this.#compareText(`header ${name}`, wanted[name as never], headers[name], differences);
    }
    if (isClosed !== (expected.closes ?? false))
      differences.push(isClosed ? 'closes the connection' : 'keeps the connection');
    return differences;
  }

  async #compareBody(
    { response: expected }: RecordedCase,
    { body, headers }: RawResponse,
    target: string,
  ): Promise<string[]> {
    const differences: string[] = [];
    const promised = Number(headers['Content-Length'] ?? body.length);
    if (body.length !== (expected.sent ?? promised))
      differences.push(`${body.length} bytes came of ${promised}`);
    if (expected.error || expected.json) {
      const json = parseJson(body);
      if (expected.json) this.#compareJson('', expected.json, json, differences);
      else this.#compareJson('', { error: envelope(expected) }, json, differences);
    } else if (expected.text !== undefined) {
      this.#compareText('text', expected.text, body.toString(), differences);
    } else if (expected.zip) {
      const entries = await describeZip(body);
      this.#compareJson('zip', expected.zip, entries, differences);
      this.#contents.set(target.split('?')[0] ?? '', body);
    } else if (expected.parts) {
      const whole = await this.#content(target);
      const parts = expected.parts.map(([start, end]) => whole.subarray(start, end));
      if (!Buffer.concat(parts).equals(body)) differences.push('other bytes');
    } else if (expected.starts !== undefined && !body.toString().startsWith(expected.starts)) {
      differences.push(`text "${body.toString()}"`);
    } else if (
      expected.length === undefined
        ? body.length > 0 && expected.sent === undefined
        : body.length !== expected.length
    ) {
      differences.push(`body of ${body.length} bytes`);
    }
    return differences;
  }

  async #content(target: string): Promise<Buffer> {
    const [path = ''] = target.split('?');
    let content = this.#contents.get(path);
    if (content === undefined) {
      const response = await this.call('GET', path, 'admin');
      content = Buffer.from(await response.arrayBuffer());
      this.#contents.set(path, content);
    }
    return content;
  }

  #compareJson(at: string, expected: unknown, actual: unknown, differences: string[]): void {
    if (Array.isArray(expected) && Array.isArray(actual)) {
      // Aspects come in the order of a hash table.
      const isSet = at.endsWith('.aspectNames');
      const [left, right] = isSet ? [sorted(expected), sorted(actual)] : [expected, actual];
      for (let index = 0; index < Math.max(left.length, right.length); index += 1)
        this.#compareJson(`${at}[${index}]`, left[index], right[index], differences);
    } else if (isObject(expected) && isObject(actual)) {
      for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)]))
        this.#compareJson(`${at}.${name}`, expected[name], actual[name], differences);
    } else if (typeof expected === 'string') {
      this.#compareText(at, expected, isObject(actual) ? '{…}' : actual?.toString(), differences);
    } else if (!Object.is(expected, actual)) {
      differences.push(`${at} ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
    }
  }

  #compareText(
    what: string,
    expected: string | undefined,
    actual: string | undefined,
    differences: string[],
  ): void {
    const isEqual =
      expected === undefined || actual === undefined
        ? expected === actual
        : this.#placeholders.matches(expected, actual);
    if (!isEqual)
      differences.push(`${what} ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  }
}

function envelope({ status, error = {} }: RecordedResponse): Record<string, unknown> {
  const { errorKey, sameSummary, briefSummary, stackTrace = NOTICE } = error;
  const summary = sameSummary ? `{number} ${errorKey}` : briefSummary;
  return {
    ...(errorKey === undefined ? {} : { errorKey }),
    statusCode: status,
    ...(summary === undefined ? {} : { briefSummary: summary }),
    stackTrace,
    descriptionURL: 'https://api-explorer.alfresco.com',
    logId: '{logId}',
  };
}

async function describeZip(zip: Buffer): Promise<string[]> {
  const entries = await entriesOf(zip);
  return entries.map(({ fileName, uncompressedSize }) =>
    fileName.endsWith('/') ? fileName : `${fileName} (${uncompressedSize} bytes)`,
  );
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return body.toString();
  }
}

function sorted(values: readonly unknown[]): string[] {
  return values.map(String).toSorted((left, right) => left.localeCompare(right));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe.each(RECORDINGS)('a recording of Alfresco about $subject', ({ cases }) => {
  let replay: Replay;

  beforeAll(async () => {
    const sandbox = await startSandbox({
      users: [...USERS],
      nodes: FIXTURE_NODES,
      estimateDelayMs: 0,
    });
    replay = new Replay(sandbox);
  });

  afterAll(() => replay.sandbox.close());

  it.each(cases)('$name', async (recorded) => {
    const differences = await replay.differences(recorded);
    if (DIFFERENCES[recorded.name] === undefined) expect(differences).toEqual([]);
    else expect(differences).not.toEqual([]);
  });
});

describe('the list of differences', () => {
  it.each(Object.keys(DIFFERENCES))('has %s explained in the README', (name) => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    expect(readme).toContain(`| \`${name}\``);
  });

  it('contains only existing cases', () => {
    const names = RECORDINGS.flatMap(({ cases }) => cases.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(Object.keys(DIFFERENCES)));
  });
});
