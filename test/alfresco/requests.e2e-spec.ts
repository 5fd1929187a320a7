import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Fault, type FaultMatch, type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { FOREIGN_HOST, captureOutput, leaksIn } from '../harness/leaks.js';
import { until } from '../harness/polling.js';

/** Long enough for all repetitions of a request, the pauses between them included. */
const TIMEOUTS = { ALFRESCO_TIMEOUT_MS: '600', ALFRESCO_IDLE_TIMEOUT_MS: '700' };

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;
let id: string;
/** One that Alfresco is asked about each time, since it could still change. */
let running: string;
let zip: Buffer;
let output: ReturnType<typeof captureOutput>;

beforeAll(async () => {
  output = captureOutput();
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, {
    ...TIMEOUTS,
    LOG_LEVEL: 'debug',
    STATUS_FRESHNESS_MS: '0',
  });
  api = DownloadsApi.ofBff(bff.url);
  id = await api.make([SAMPLE_NODES.nestedFolder]);
  running = await api.startStuck();
  zip = await api.content(id);
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
  output.stop();
  const log = output.text();
  expect(log).toContain('ALFRESCO_CREDENTIALS_REJECTED');
  expect(leaksIn(log)).toEqual([]);
});
afterEach(async () => {
  sandbox.clearFaults();
  // One success of each kind, or so many failures in a row would open a breaker.
  for (const name of ['look', 'cancel', 'content'] as const) {
    expect((await operations[name].call()).ok).toBe(true);
  }
});

interface Operation {
  readonly name: string;
  /** The request to Alfresco that goes wrong. */
  readonly match: FaultMatch;
  readonly call: () => Promise<Response>;
}

const operations = {
  create: {
    name: 'POST /downloads',
    match: { method: 'POST', path: /\/downloads$/ },
    call: () => api.create([SAMPLE_NODES.textFile, SAMPLE_NODES.secondTextFile]),
  },
  look: {
    name: 'GET /downloads/{id}',
    match: { method: 'GET', path: /\/downloads\/[^/]+$/ },
    call: () => api.request('GET', `/downloads/${running}`),
  },
  cancel: {
    name: 'DELETE /downloads/{id}',
    match: { method: 'DELETE', path: /\/downloads\/[^/]+$/ },
    call: () => api.request('DELETE', `/downloads/${id}`),
  },
  describe: {
    name: 'GET /downloads/{id}/content, asking for the node',
    match: { method: 'GET', path: /\/nodes\/[^/]+$/ },
    call: () => api.request('GET', `/downloads/${id}/content`),
  },
  content: {
    name: 'GET /downloads/{id}/content, asking for the content',
    match: { method: 'GET', path: /\/content$/ },
    call: () => api.request('GET', `/downloads/${id}/content`),
  },
  range: {
    name: 'GET /nodes/{id}/content with a range',
    match: { method: 'GET', path: /\/content$/ },
    call: () => api.request('GET', `/nodes/${id}/content`, { headers: { range: 'bytes=5-9' } }),
  },
  remove: {
    name: 'DELETE /nodes/{id}',
    match: { method: 'DELETE', path: /\/nodes\/[^/]+$/ },
    call: () => api.request('DELETE', `/nodes/${id}`),
  },
} satisfies Record<string, Operation>;

type OperationName = keyof typeof operations;
const JSON_OPERATIONS: readonly OperationName[] = [
  'create',
  'look',
  'cancel',
  'describe',
  'remove',
];
const ABOUT_A_DOWNLOAD = JSON_OPERATIONS.filter((name) => name !== 'create');
const STREAMS: readonly OperationName[] = ['content', 'range'];
const ALL = Object.keys(operations) as OperationName[];

/** Alfresco's error envelope with everything in it that must not get out. */
const envelope = (status: number, errorKey = 'framework.exception.ApiDefault', text = '') =>
  JSON.stringify({
    error: {
      errorKey,
      statusCode: status,
      briefSummary: `10240007 ${text} org.alfresco.rest.api.model.Download java.lang.NullPointerException at ${FOREIGN_HOST}`,
      stackTrace: 'For security reasons the stack trace is no longer displayed',
      descriptionURL: `https://${FOREIGN_HOST}`,
      logId: '0b9b3c3e-0c5e-4a0e-9f2b-6c1a4e1d7f10',
    },
  });

const HEADERS = {
  'content-type': 'application/json;charset=UTF-8',
  'set-cookie': 'JSESSIONID=abc',
  'www-authenticate': 'AlfTicket realm="Alfresco -default- tenant"',
  location: `https://${FOREIGN_HOST}/`,
  server: 'Apache-Coyote/1.1',
};

const status = (code: number, errorKey?: string, text?: string): Fault => ({
  kind: 'status',
  status: code,
  body: envelope(code, errorKey, text),
  headers: HEADERS,
});

/** The answer of the service, checked for leaks whatever it is. */
async function answerOf(
  name: OperationName,
  fault: Fault,
): Promise<{ status: number; body: string; headers: Headers }> {
  const { match, call } = operations[name];
  // Always, or what may be sent again would succeed the second time.
  sandbox.fail(fault, { ...match, times: Infinity });
  const answer = await call();
  sandbox.clearFaults();
  const body = await answer.text();
  expect(leaksIn(body)).toEqual([]);
  expect(leaksIn([...answer.headers].join('\n'))).toEqual([]);
  for (const header of ['set-cookie', 'www-authenticate', 'server', 'location']) {
    if (answer.status !== 202) expect(answer.headers.get(header)).toBeNull();
  }
  return { status: answer.status, body, headers: answer.headers };
}

async function expectProblem(
  name: OperationName,
  fault: Fault,
  statusCode: number,
  code: string,
): Promise<void> {
  const answer = await answerOf(name, fault);
  expect(JSON.parse(answer.body)).toMatchObject({ status: statusCode, code });
  expect(answer.status).toBe(statusCode);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  // The service forgets a download that Alfresco does not have.
  if (code !== 'DOWNLOAD_NOT_FOUND') return;
  if (name === 'look') running = await api.startStuck();
  else id = await api.make([SAMPLE_NODES.nestedFolder]);
}

/** Each operation with each row. */
const times = <T extends readonly unknown[]>(names: readonly OperationName[], rows: readonly T[]) =>
  names.flatMap((name) => rows.map((row) => [operations[name].name, name, ...row] as const));

const NOT_FOUND = 'framework.exception.EntityNotFound';
const DENIED = 'framework.exception.PermissionDenied';

describe('a status of Alfresco that is about the request', () => {
  it.each([
    ['400', status(400, 'Cannot create an archive with 0 entries.'), 400, 'VALIDATION_FAILED'],
    ['403', status(403, DENIED), 403, 'NODE_FORBIDDEN'],
    [
      '404',
      status(404, NOT_FOUND, 'The entity with id: gone was not found'),
      404,
      'NODE_NOT_FOUND',
    ],
    ['412', status(412, 'framework.exception.ArchivedContent'), 412, 'CONTENT_ARCHIVED'],
    ['422', status(422), 422, 'NODE_NOT_ZIPPABLE'],
  ] as const)('POST /downloads: %s', (_name, fault, code, problem) =>
    expectProblem('create', fault, code, problem),
  );

  it.each(
    times(ABOUT_A_DOWNLOAD, [
      [status(400, 'Please specify the nodeId of a download node.'), 400, 'NOT_A_DOWNLOAD'],
      [status(403, DENIED), 403, 'FORBIDDEN'],
      [status(404, NOT_FOUND), 404, 'DOWNLOAD_NOT_FOUND'],
    ] as const),
  )('%s: %#', (_title, name, fault, code, problem) => expectProblem(name, fault, code, problem));

  it.each(times(STREAMS, [[status(404, NOT_FOUND), 404, 'DOWNLOAD_NOT_FOUND']] as const))(
    '%s: removed while it was looked at',
    (_title, name, fault, code, problem) => expectProblem(name, fault, code, problem),
  );

  it('points to the missing node, and repeats no id that the caller did not send', async () => {
    const named = status(
      404,
      NOT_FOUND,
      `The entity with id: ${SAMPLE_NODES.secondTextFile} was not found`,
    );
    expect(JSON.parse((await answerOf('create', named)).body).errors).toEqual([
      { pointer: '/nodeIds/1', detail: 'does not exist' },
    ]);
    const foreign = status(404, NOT_FOUND, 'The entity with id: someone-elses was not found');
    expect((await answerOf('create', foreign)).body).not.toContain('someone-elses');
  });
});

describe('a status of Alfresco that is no fault of the caller', () => {
  it.each(
    times(ALL, [
      ['with a challenge', status(401)],
      ['empty', { kind: 'empty', status: 401 }],
    ] as const),
  )('%s: %s 401 is about this service’s account', (_title, name, _kind, fault) =>
    expectProblem(name, fault, 502, 'ALFRESCO_CREDENTIALS_REJECTED'),
  );

  it.each(
    times(JSON_OPERATIONS, [
      ['403 of a read-only repository', status(403)],
      ['404 of an unknown URL', status(404, 'framework.exception.NotFound')],
      ['405', status(405)],
      ['409', status(409)],
      ['413', status(413)],
      ['415', status(415)],
      ['500', status(500)],
      ['503', status(503)],
      ['507', status(507)],
    ] as const),
  )('%s: ALFRESCO_ERROR for %s %s', (_title, name, _status, fault) =>
    expectProblem(name, fault, 502, 'ALFRESCO_ERROR'),
  );

  it.each(times(STREAMS, [[500], [503]] as const))(
    '%s: ALFRESCO_ERROR for %s %s',
    (_title, name, code) => expectProblem(name, status(code), 502, 'ALFRESCO_ERROR'),
  );

  it.each(
    times(ALL, [
      ['nothing with 404', { kind: 'empty', status: 404 }],
      ['an entry of no object', { kind: 'wrong-entry', entry: 'DONE' }],
    ] as const satisfies readonly (readonly [string, Fault])[]),
  )('%s: ALFRESCO_BAD_RESPONSE for %s: %s', async (_title, name, what, fault) => {
    // A 404 for content is Alfresco's even without a body: the node was there a moment ago.
    if (what === 'nothing with 404' && STREAMS.includes(name)) {
      return expectProblem(name, fault, 404, 'DOWNLOAD_NOT_FOUND');
    }
    return expectProblem(name, fault, 502, 'ALFRESCO_BAD_RESPONSE');
  });

  it.each([
    ['an unknown status', { status: 'FAILED' }],
    ['no counters', { bytesAdded: undefined }],
    ['a negative counter', { filesAdded: -1 }],
    ['a counter as text', { totalBytes: '26' }],
    ['no id', { id: undefined }],
    ['an id that is none', { id: '../x' }],
  ])('GET /downloads/{id}: ALFRESCO_BAD_RESPONSE for an entry with %s', async (_name, change) => {
    const entry = { ...(await api.status(running)), ...change };
    await expectProblem('look', { kind: 'wrong-entry', entry }, 502, 'ALFRESCO_BAD_RESPONSE');
  });
});

/** Each fault with each route is tried in `faults/fault-matrix.e2e-spec.ts`. */
describe('a connection that fails', () => {
  it.each(
    times(STREAMS, [
      [{ kind: 'reset-after-headers' }, 502, 'ALFRESCO_UNREACHABLE'],
      [{ kind: 'truncate', afterBytes: 0 }, 502, 'ALFRESCO_UNREACHABLE'],
      [{ kind: 'stall-mid-body', afterBytes: 0 }, 504, 'ALFRESCO_TIMEOUT'],
    ] as const),
  )('%s: a problem before the first byte: %s %o', (_title, name, fault, code, problem) =>
    expectProblem(name, fault, code, problem),
  );

  it.each([
    { kind: 'truncate', afterBytes: 100 },
    { kind: 'reset-mid-body', afterBytes: 100 },
    { kind: 'stall-mid-body', afterBytes: 100 },
  ] as const)('cuts the caller off when the ZIP stops for good: $kind', async (fault) => {
    sandbox.fail(fault, operations.content.match);
    sandbox.fail({ kind: 'reset' }, { ...operations.content.match, times: Infinity });
    const answer = await operations.content.call();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(String(zip.length));
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });

  it('gives the caller the announced bytes and no more when Alfresco sends more', async () => {
    sandbox.fail({ kind: 'long-body', extraBytes: 1000 }, operations.content.match);
    const answer = await operations.content.call();
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(zip);
  });

  it.each([
    ['another range', () => ({ 'content-range': `bytes 0-4/${zip.length}` })],
    ['a range of another file', () => ({ 'content-range': `bytes 5-9/${zip.length + 1}` })],
    ['no range', () => ({})],
    [
      'a compressed part',
      () => ({ 'content-range': `bytes 5-9/${zip.length}`, 'content-encoding': 'gzip' }),
    ],
  ])('does not pass %s on as the one that was asked for', async (_what, headers) => {
    const fault: Fault = { kind: 'status', status: 206, body: 'WRONG', headers: headers() };
    await expectProblem('range', fault, 502, 'ALFRESCO_BAD_RESPONSE');
  });

  it('serves content without a byte', async () => {
    const node = await DownloadsApi.ofAlfresco(sandbox.url).request('GET', `/nodes/${id}`);
    const { entry } = (await node.json()) as { entry: { content: object } };
    const empty = { ...entry, content: { ...entry.content, sizeInBytes: 0 } };
    sandbox.fail({ kind: 'wrong-entry', entry: empty }, operations.describe.match);
    sandbox.fail({ kind: 'empty', status: 200 }, operations.content.match);
    const answer = await operations.content.call();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('0');
    expect((await answer.arrayBuffer()).byteLength).toBe(0);
  });

  it('does not wait longer for a free connection than for an answer', async () => {
    const narrow = await startBff(sandbox.url, {
      ...TIMEOUTS,
      ALFRESCO_MAX_CONNECTIONS: '1',
      STATUS_FRESHNESS_MS: '0',
    });
    const narrowApi = DownloadsApi.ofBff(narrow.url);
    const own = await narrowApi.startStuck();
    const other = await narrowApi.startStuck();
    sandbox.fail({ kind: 'hang' }, { path: new RegExp(own) });
    const asked = Date.now();
    const held = narrowApi.request('GET', `/downloads/${own}`);
    const answer = await narrowApi.request('GET', `/downloads/${other}`);
    expect(await answer.json()).toMatchObject({ status: 504, code: 'ALFRESCO_TIMEOUT' });
    expect(Date.now() - asked).toBeLessThan(2 * Number(TIMEOUTS.ALFRESCO_TIMEOUT_MS) + 1000);
    expect((await held).status).toBe(504);
    await until(
      () => narrowApi.request('GET', `/downloads/${other}`),
      (later) => later.ok,
    );
    await narrow.close();
  });

  it('lets nothing of Alfresco’s headers through but what is listed', async () => {
    for (const name of ['create', 'look', 'cancel', 'content'] as const) {
      const answer = await answerOf(name, { kind: 'set-cookie' });
      expect(answer.status).toBeLessThan(300);
    }
  });

  it('says that nobody listens', async () => {
    const closed = await startSandbox();
    await closed.close();
    const alone = await startBff(closed.url, TIMEOUTS);
    const answer = await DownloadsApi.ofBff(alone.url).create([SAMPLE_NODES.textFile]);
    expect(await answer.json()).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
    await alone.close();
  });

  it('says that the host has no address, without naming it', async () => {
    const lost = await startBff(`http://${FOREIGN_HOST}/alfresco`, TIMEOUTS);
    const answer = await DownloadsApi.ofBff(lost.url).create([SAMPLE_NODES.textFile]);
    const body = await answer.text();
    expect(answer.status).toBeGreaterThanOrEqual(502);
    expect(leaksIn(body)).toEqual([]);
    await lost.close();
  });

  it('says that the account is refused', async () => {
    const wrong = await startBff(sandbox.url, { ALFRESCO_PASSWORD: 'not-it' });
    const answer = await DownloadsApi.ofBff(wrong.url).create([SAMPLE_NODES.textFile]);
    expect(await answer.json()).toMatchObject({
      status: 502,
      code: 'ALFRESCO_CREDENTIALS_REJECTED',
    });
    await wrong.close();
  });
});

describe('what goes to Alfresco', () => {
  it('carries only headers that this service made', async () => {
    sandbox.clearRequests();
    const headers = {
      cookie: 'JSESSIONID=x',
      'x-http-method-override': 'DELETE',
      'x-alfresco-remote-user': 'admin',
      'x-alfresco-authenticator-key': 'k',
      'x-forwarded-for': '10.0.0.1',
      baggage: 'user=alice',
      b3: '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1',
      'x-correlation-id': 'abc',
      'accept-language': 'de',
      te: 'trailers',
      range: 'bytes=0-4',
      'content-range': 'bytes=0-1',
    };
    const query = '?alf_ticket=TICKET_x&alf_method=DELETE&include=properties&fields=id';
    await api.request('POST', `/downloads${query}`, {
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
    });
    for (const method of ['GET', 'DELETE'])
      await api.request(method, `/downloads/${id}${query}`, { headers });
    await (await api.request('GET', `/nodes/${id}/content${query}`, { headers })).arrayBuffer();

    const sent = new Set(sandbox.requests.flatMap((request) => Object.keys(request.headers)));
    expect([...sent].toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'accept-language',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'range',
      'traceparent',
      'user-agent',
      'x-request-id',
    ]);
    expect(sandbox.requests.every(({ url }) => !url.includes('?'))).toBe(true);
    expect(sandbox.requests.every(({ user }) => user === 'downloads-service')).toBe(true);
    expect(sandbox.requests.every((request) => request.headers['accept-language'] === 'en')).toBe(
      true,
    );
  });

  it('is one POST for one POST, also when it fails', async () => {
    for (const fault of [{ kind: 'reset' }, { kind: 'hang' }, status(500)] as const) {
      sandbox.clearRequests();
      sandbox.fail(fault, { method: 'POST' });
      await operations.create.call();
      expect(sandbox.requests).toHaveLength(1);
    }
  });

  it('leaves no connection in use behind', async () => {
    await until(
      () => sandbox.activeResponses,
      (count) => count === 0,
    );
  });
});
