import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Fault, FaultMatch, Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { createCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { FOREIGN_HOST, leaksIn } from '../harness/leaks.js';
import { until } from '../harness/polling.js';

/** Long enough for all retries of a request, even on a busy machine. */
const VARIABLES = {
  ALFRESCO_TIMEOUT_MS: '600',
  ALFRESCO_IDLE_TIMEOUT_MS: '700',
  STATUS_FRESHNESS_MS: '0',
};
const QUICK = { firstMs: 5, longestMs: 20 };
const pacing = { retry: QUICK, resume: QUICK, breaker: QUICK };

let log = '';
const onLine = (line: string) => (log += line);

const it = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: VARIABLES,
  pacing,
  onLine,
}).extend('requests', { scope: 'file' }, async ({ bff }) => {
  const api = new DownloadsApi(bff.url, createCaller().headers);
  return new Requests(api, ...(await downloadsOf(api)));
});

it.afterEach(async ({ requests, sandbox }) => {
  sandbox.clearFaults();
  // One success of each kind, since this many failures in a row would open a breaker.
  for (const name of ['read', 'cancel', 'content'] as const) {
    await until(
      async () => {
        const response = await requests.send(name);
        await response.arrayBuffer();
        return response.ok;
      },
      (isOk) => isOk,
    );
  }
});

/** A finished download, and a running one, for which every status read calls Alfresco. */
const downloadsOf = async (api: DownloadsApi): Promise<[id: string, running: string]> => [
  await api.createFinished([SAMPLE_NODES.nestedFolder]),
  await api.startStuck(),
];

/** Each request to the service: its title, and the request to Alfresco that fails. */
const OPERATIONS = {
  create: ['POST /downloads', { method: 'POST', path: /\/downloads$/ }],
  read: ['GET /downloads/{id}', { method: 'GET', path: /\/downloads\/[^/]+$/ }],
  cancel: ['DELETE /downloads/{id}', { method: 'DELETE', path: /\/downloads\/[^/]+$/ }],
  describe: [
    'GET /downloads/{id}/content, requesting the node,',
    { method: 'GET', path: /\/nodes\/[^/]+$/ },
  ],
  content: [
    'GET /downloads/{id}/content, requesting the content,',
    { method: 'GET', path: /\/content$/ },
  ],
  range: ['GET /nodes/{id}/content with a range', { method: 'GET', path: /\/content$/ }],
  remove: ['DELETE /nodes/{id}', { method: 'DELETE', path: /\/nodes\/[^/]+$/ }],
} satisfies Record<string, readonly [title: string, match: FaultMatch]>;

type OperationName = keyof typeof OPERATIONS;

const ABOUT_A_DOWNLOAD: readonly OperationName[] = ['read', 'cancel', 'describe', 'remove'];
const WITH_JSON: readonly OperationName[] = ['create', ...ABOUT_A_DOWNLOAD];
const STREAMS: readonly OperationName[] = ['content', 'range'];
const ALL = Object.keys(OPERATIONS) as OperationName[];

class Requests {
  constructor(
    private readonly api: DownloadsApi,
    public id: string,
    private running: string,
  ) {}

  send(name: OperationName): Promise<Response> {
    const { api, id, running } = this;
    const content = () => api.request('GET', `/downloads/${id}/content`);
    const range = { headers: { range: 'bytes=5-9' } };
    const calls: Record<OperationName, () => Promise<Response>> = {
      create: () => api.create([SAMPLE_NODES.textFile, SAMPLE_NODES.secondTextFile]),
      read: () => api.request('GET', `/downloads/${running}`),
      cancel: () => api.request('DELETE', `/downloads/${id}`),
      describe: content,
      content,
      range: () => api.request('GET', `/nodes/${id}/content`, range),
      remove: () => api.request('DELETE', `/nodes/${id}`),
    };
    return calls[name]();
  }

  /** The bytes of the ZIP. */
  zip(): Promise<Buffer> {
    return this.api.content(this.id);
  }

  status(): Promise<object> {
    return this.api.status(this.running);
  }

  /** The response to a request during this fault, checked for leaks in any case. */
  async responseTo(
    sandbox: Sandbox,
    name: OperationName,
    fault: Fault,
  ): Promise<{ status: number; body: string; headers: Headers }> {
    // Every time, since a request that may be retried would succeed the second time.
    sandbox.fail(fault, { ...OPERATIONS[name][1], times: Infinity });
    const response = await this.send(name);
    const body = await response.text();
    sandbox.clearFaults();
    expect(leaksIn(body)).toEqual([]);
    expect(leaksIn([...response.headers].join('\n'))).toEqual([]);
    for (const header of ['set-cookie', 'www-authenticate', 'server', 'location']) {
      if (response.status !== 202) expect(response.headers.get(header)).toBeNull();
    }
    return { status: response.status, body, headers: response.headers };
  }

  async expectProblem(
    sandbox: Sandbox,
    name: OperationName,
    fault: Fault,
    status: number,
    code: string,
  ): Promise<void> {
    const response = await this.responseTo(sandbox, name, fault);
    expect(JSON.parse(response.body)).toMatchObject({ status, code });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    // The service has removed the download, since Alfresco no longer has it.
    if (code === 'DOWNLOAD_NOT_FOUND') [this.id, this.running] = await downloadsOf(this.api);
  }
}

/** Alfresco's error envelope with everything in it that must not leak. */
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

/** What Alfresco does, and the resulting problem. */
type Row = readonly [what: string, fault: Fault, status: number, code: string];

/** Rows of a table of tests with the title "<operation> responds with <code> to <fault>". */
const times = (names: readonly OperationName[], rows: readonly Row[]) =>
  names.flatMap((name) =>
    rows.map(
      ([what, fault, statusCode, code]) =>
        [OPERATIONS[name][0], code, what, name, fault, statusCode] as const,
    ),
  );

const NOT_FOUND = 'framework.exception.EntityNotFound';
const DENIED = 'framework.exception.PermissionDenied';
const API_DEFAULT = 'framework.exception.ApiDefault';
const READ_ONLY = 'Access Denied.  The system is currently in read-only mode.';
const notFound = (id: string) => status(404, NOT_FOUND, `The entity with id: ${id} was not found`);
const BAD = [502, 'ALFRESCO_BAD_RESPONSE'] as const;

describe('when Alfresco rejects a request', () => {
  it.for([
    ...times(
      ['create'],
      [
        ['400', status(400, 'Cannot create an archive with 0 entries.'), 400, 'VALIDATION_FAILED'],
        ['403', status(403, DENIED), 403, 'NODE_FORBIDDEN'],
        ['404', notFound('gone'), 404, 'NODE_NOT_FOUND'],
        ['412', status(412, 'framework.exception.ArchivedContent'), 412, 'CONTENT_ARCHIVED'],
        ['422', status(422), 422, 'NODE_NOT_ZIPPABLE'],
      ],
    ),
    ...times(ABOUT_A_DOWNLOAD, [
      ['400', status(400, 'Please specify the nodeId of a download node.'), 400, 'NOT_A_DOWNLOAD'],
      ['403', status(403, DENIED), 403, 'FORBIDDEN'],
      ['404', status(404, NOT_FOUND), 404, 'DOWNLOAD_NOT_FOUND'],
    ]),
    ...times(STREAMS, [['404', status(404, NOT_FOUND), 404, 'DOWNLOAD_NOT_FOUND']]),
    ...times(
      ['create', 'cancel', 'remove'],
      [
        [
          '403 of a read-only repository',
          status(403, API_DEFAULT, READ_ONLY),
          503,
          'ALFRESCO_READ_ONLY',
        ],
      ],
    ),
  ])(
    '%s responds with %s to a status %s',
    ([, code, , name, fault, statusCode], { requests, sandbox }) =>
      requests.expectProblem(sandbox, name, fault, statusCode, code),
  );

  it('POST /downloads points to the missing node, and names no id that the caller did not send', async ({
    requests,
    sandbox,
  }) => {
    const named = notFound(SAMPLE_NODES.secondTextFile);
    expect(JSON.parse((await requests.responseTo(sandbox, 'create', named)).body).errors).toEqual([
      { pointer: '/nodeIds/1', detail: 'does not exist' },
    ]);
    const foreign = await requests.responseTo(sandbox, 'create', notFound('someone-elses'));
    expect(foreign.body).not.toContain('someone-elses');
  });
});

describe('when Alfresco fails through no fault of the caller', () => {
  const REJECTED = [502, 'ALFRESCO_CREDENTIALS_REJECTED'] as const;
  const ERROR = [502, 'ALFRESCO_ERROR'] as const;

  it.for([
    ...times(ALL, [
      ['401 with a challenge', status(401), ...REJECTED],
      ['401 without a body', { kind: 'empty', status: 401 }, ...REJECTED],
    ]),
    ...times(WITH_JSON, [
      ['403 of another kind', status(403), ...ERROR],
      ['404 of an unknown URL', status(404, 'framework.exception.NotFound'), ...ERROR],
      ...[405, 409, 413, 415, 500, 503, 507].map((code): Row => [
        `${code}`,
        status(code),
        ...ERROR,
      ]),
      ['404 without a body', { kind: 'empty', status: 404 }, ...BAD],
    ]),
    ...times(STREAMS, [
      ['500', status(500), ...ERROR],
      ['503', status(503), ...ERROR],
      // Taken for Alfresco's own even without a body: the node existed a moment ago.
      ['404 without a body', { kind: 'empty', status: 404 }, 404, 'DOWNLOAD_NOT_FOUND'],
    ]),
  ])(
    '%s responds with %s to a status %s',
    ([, code, , name, fault, statusCode], { requests, sandbox }) =>
      requests.expectProblem(sandbox, name, fault, statusCode, code),
  );

  it.for(
    times(ALL, [
      ['an entry that is not an object', { kind: 'wrong-entry', entry: 'DONE' }, ...BAD],
    ]),
  )('%s responds with %s to %s', ([, code, , name, fault, statusCode], { requests, sandbox }) =>
    requests.expectProblem(sandbox, name, fault, statusCode, code),
  );

  it.for([
    ['an unknown status', { status: 'FAILED' }],
    ['no counters', { bytesAdded: undefined }],
    ['a negative counter', { filesAdded: -1 }],
    ['a counter as text', { totalBytes: '26' }],
    ['no id', { id: undefined }],
    ['a malformed id', { id: '../x' }],
  ] as const)(
    'GET /downloads/{id} responds with ALFRESCO_BAD_RESPONSE to an entry with %s',
    async ([, change], { requests, sandbox }) => {
      const entry = { ...(await requests.status()), ...change };
      await requests.expectProblem(sandbox, 'read', { kind: 'wrong-entry', entry }, ...BAD);
    },
  );

  it('reports ALFRESCO_CREDENTIALS_REJECTED when its account is rejected', async ({ sandbox }) => {
    const wrong = await start(sandbox, { ALFRESCO_PASSWORD: 'not-it' });
    const response = await DownloadsApi.ofBff(wrong.url).create([SAMPLE_NODES.textFile]);
    expect(await response.json()).toMatchObject({
      status: 502,
      code: 'ALFRESCO_CREDENTIALS_REJECTED',
    });
  });
});

/** `fault-matrix.e2e-spec.ts` tries each fault with each kind of response. */
describe('a ZIP', () => {
  const UNREACHABLE = [502, 'ALFRESCO_UNREACHABLE'] as const;

  it.for(
    times(STREAMS, [
      ['a reset after the headers', { kind: 'reset-after-headers' }, ...UNREACHABLE],
      ['an end before the first byte', { kind: 'truncate', afterBytes: 0 }, ...UNREACHABLE],
      [
        'a stall before the first byte',
        { kind: 'stall-mid-body', afterBytes: 0 },
        504,
        'ALFRESCO_TIMEOUT',
      ],
    ]),
  )('of %s is %s after %s', ([, code, , name, fault, statusCode], { requests, sandbox }) =>
    requests.expectProblem(sandbox, name, fault, statusCode, code),
  );

  it.for([
    { kind: 'truncate', afterBytes: 100 },
    { kind: 'reset-mid-body', afterBytes: 100 },
    { kind: 'stall-mid-body', afterBytes: 100 },
  ] as const)(
    'is cut off when Alfresco does not continue it after a fault ($kind)',
    async (fault, { requests, sandbox }) => {
      const { length } = await requests.zip();
      const [, match] = OPERATIONS.content;
      sandbox.fail(fault, match);
      sandbox.fail({ kind: 'reset' }, { ...match, times: Infinity });
      const response = await requests.send('content');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe(String(length));
      await expect(response.arrayBuffer()).rejects.toThrow();
    },
  );

  it('has the announced bytes and no more when Alfresco sends more', async ({
    requests,
    sandbox,
  }) => {
    const zip = await requests.zip();
    sandbox.fail({ kind: 'long-body', extraBytes: 1000 }, OPERATIONS.content[1]);
    const response = await requests.send('content');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(zip);
  });

  it.for<[string, (size: number) => Record<string, string>]>([
    ['another range', (size) => ({ 'content-range': `bytes 0-4/${size}` })],
    ['a range of another file', (size) => ({ 'content-range': `bytes 5-9/${size + 1}` })],
    ['a part without a range', () => ({})],
    [
      'a compressed part',
      (size) => ({ 'content-range': `bytes 5-9/${size}`, 'content-encoding': 'gzip' }),
    ],
  ])('is not put together from %s', async ([, headersFor], { requests, sandbox }) => {
    const headers = headersFor((await requests.zip()).length);
    const fault: Fault = { kind: 'status', status: 206, body: 'WRONG', headers };
    await requests.expectProblem(sandbox, 'range', fault, ...BAD);
  });

  it('is served without a byte when it has none', async ({ requests, sandbox }) => {
    const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
    const node = await alfresco.request('GET', `/nodes/${requests.id}`);
    const { entry } = (await node.json()) as { entry: { content: object } };
    const empty = { ...entry, content: { ...entry.content, sizeInBytes: 0 } };
    sandbox.fail({ kind: 'wrong-entry', entry: empty }, OPERATIONS.describe[1]);
    sandbox.fail({ kind: 'empty', status: 200 }, OPERATIONS.content[1]);
    const response = await requests.send('content');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('0');
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });
});

describe('a request to Alfresco', () => {
  it('waits for a free connection no longer than for a response', async ({ sandbox }) => {
    const { url } = await start(sandbox, { ALFRESCO_MAX_CONNECTIONS: '1' });
    const api = DownloadsApi.ofBff(url);
    const first = await api.startStuck();
    const second = await api.startStuck();
    sandbox.fail({ kind: 'hang' }, { path: new RegExp(first) });
    // Soon enough for a request that did not have to wait.
    sandbox.fail({ kind: 'delay', ms: 400 }, { path: new RegExp(second) });
    sandbox.clearRequests();
    const held = api.request('GET', `/downloads/${first}`);
    await until(
      () => sandbox.requests.length,
      (count) => count === 1,
    );
    const response = await api.request('GET', `/downloads/${second}`);
    expect(await response.json()).toMatchObject({ status: 504, code: 'ALFRESCO_TIMEOUT' });
    expect((await held).status).toBe(504);
    sandbox.clearFaults();
    await until(
      () => api.request('GET', `/downloads/${second}`),
      ({ ok }) => ok,
    );
  });

  it('passes on no headers of Alfresco except those of the API', async ({ requests, sandbox }) => {
    for (const name of ['create', 'read', 'cancel', 'content'] as const) {
      const response = await requests.responseTo(sandbox, name, { kind: 'set-cookie' });
      expect(response.status).toBeLessThan(300);
    }
  });

  it('carries only headers that the service has made', async ({ api, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
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
    for (const method of ['GET', 'DELETE']) {
      await api.request(method, `/downloads/${id}${query}`, { headers });
    }
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

  it('is one POST for one POST, even when it fails', async ({ requests, sandbox }) => {
    for (const fault of [{ kind: 'reset' }, { kind: 'hang' }, status(500), status(503)] as const) {
      sandbox.clearRequests();
      sandbox.fail(fault, { method: 'POST' });
      await requests.send('create');
      expect(sandbox.requests).toHaveLength(1);
    }
  });

  it('leaves no connection in use', async ({ sandbox }) => {
    await until(
      () => sandbox.activeResponses,
      (count) => count === 0,
    );
  });

  it('leaves no secret in the log', async ({ requests, sandbox }) => {
    await requests.responseTo(sandbox, 'read', status(401));
    await until(
      () => log.includes('ALFRESCO_CREDENTIALS_REJECTED'),
      (isLogged) => isLogged,
    );
    expect(leaksIn(log)).toEqual([]);
  });
});

/** Another service in front of the same Alfresco, for one test. */
async function start({ url }: Sandbox, variables: Record<string, string>): Promise<Bff> {
  const bff = await startBff(url, { ...VARIABLES, ...variables }, { pacing, onLine });
  onTestFinished(() => bff.close());
  return bff;
}
