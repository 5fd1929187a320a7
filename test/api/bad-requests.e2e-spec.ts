import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, CALLERS, basic } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { type RawRequest, rawBytes, rawRequest } from '../harness/raw-http.js';

/** A stand-in for this file only, so that every request it receives comes from these tests. */
const quiet = configured({});

const NODE = SAMPLE_NODES.textFile;
const UUID = 'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const ID_OF_36 = 'a'.repeat(36);

interface Row extends RawRequest {
  readonly name: string;
  readonly status: number;
  readonly code: string;
  /** `errors[].pointer` or `errors[].parameter`, in order. */
  readonly fields?: readonly string[];
  readonly allow?: string;
}

/** A POST /downloads with this body. */
function post(name: string, body: unknown, code: string, more: Partial<Row> = {}): Row {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const status = code === 'TOO_MANY_NODES' || code === 'BODY_TOO_LARGE' ? 413 : 400;
  return {
    name,
    method: 'POST',
    path: '/downloads',
    headers: JSON_TYPE,
    body: text,
    status,
    code,
    ...more,
  };
}

/** A request to a route with an id that must not reach Alfresco. */
function id(name: string, rawId: string): Row {
  return { name: `id ${name}`, path: `/downloads/${rawId}`, status: 400, code: 'INVALID_ID' };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `node-${index}`);

const BODIES: readonly Row[] = [
  post('no member', {}, 'VALIDATION_FAILED', { fields: ['/nodeIds'] }),
  post('nodeIds is null', { nodeIds: null }, 'VALIDATION_FAILED', { fields: ['/nodeIds'] }),
  post('nodeIds is a string', { nodeIds: NODE }, 'VALIDATION_FAILED', { fields: ['/nodeIds'] }),
  post('nodeIds is a number', { nodeIds: 7 }, 'VALIDATION_FAILED', { fields: ['/nodeIds'] }),
  post('nodeIds is an object', { nodeIds: { 0: NODE } }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds'],
  }),
  post('nodeIds is true', { nodeIds: true }, 'VALIDATION_FAILED', { fields: ['/nodeIds'] }),
  post('nodeIds is empty', { nodeIds: [] }, 'VALIDATION_FAILED', { fields: ['/nodeIds'] }),
  post('an empty id', { nodeIds: [''] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/0'] }),
  post('a blank id', { nodeIds: [NODE, ' '] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/1'] }),
  post('a null id', { nodeIds: [null] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/0'] }),
  post('a number as id', { nodeIds: [NODE, 42] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/1'] }),
  post('a boolean as id', { nodeIds: [true] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/0'] }),
  post('an object as id', { nodeIds: [{ id: NODE }] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('a nested array', { nodeIds: [[NODE]] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/0'] }),
  post('two wrong ids', { nodeIds: ['a b', NODE, 'c/d'] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0', '/nodeIds/2'],
  }),
  post('an id with a version', { nodeIds: [`${UUID};1.0`] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('an id with a path', { nodeIds: ['../../people'] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('an id of dots', { nodeIds: ['..'] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/0'] }),
  post('an id of 37 characters', { nodeIds: [`${ID_OF_36}b`] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('an id with a control character', { nodeIds: ['a\u0000b'] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('an id with a line break', { nodeIds: [`${NODE}\n`] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('an id beyond ASCII', { nodeIds: ['ä'] }, 'VALIDATION_FAILED', { fields: ['/nodeIds/0'] }),
  post('a node reference', { nodeIds: [`workspace://SpacesStore/${UUID}`] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/0'],
  }),
  post('the same id twice', { nodeIds: [NODE, 'APP.DEFAULT', NODE] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/2'],
  }),
  post('the same UUID in two cases', { nodeIds: [UUID, UUID.toUpperCase()] }, 'VALIDATION_FAILED', {
    fields: ['/nodeIds/1'],
  }),
  post(
    'the same stock id twice',
    { nodeIds: ['APP.DEFAULT', 'APP.DEFAULT'] },
    'VALIDATION_FAILED',
    {
      fields: ['/nodeIds/1'],
    },
  ),
  post('an unknown member', { nodeIds: [NODE], name: 'x' }, 'VALIDATION_FAILED', {
    fields: ['/name'],
  }),
  post('the member in another case', { NodeIds: [NODE] }, 'VALIDATION_FAILED', {
    fields: ['/NodeIds', '/nodeIds'],
  }),
  post("a member of Alfresco's entity", { nodeIds: [NODE], status: 'DONE' }, 'VALIDATION_FAILED', {
    fields: ['/status'],
  }),
  post('a member with a slash and a tilde', { nodeIds: [NODE], 'a/b~c': 1 }, 'VALIDATION_FAILED', {
    fields: ['/a~1b~0c'],
  }),
  post('__proto__', `{"nodeIds":["${NODE}"],"__proto__":{"admin":true}}`, 'MALFORMED_BODY'),
  post(
    'constructor.prototype',
    `{"constructor":{"prototype":{}},"nodeIds":["${NODE}"]}`,
    'MALFORMED_BODY',
  ),
  ...['constructor', 'toString', 'hasOwnProperty'].map((name) =>
    post(
      `a member that every object inherits: ${name}`,
      { nodeIds: [NODE], [name]: 1 },
      'VALIDATION_FAILED',
      {
        fields: [`/${name}`],
      },
    ),
  ),
  post(
    '30,000 nested arrays',
    `{"nodeIds":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    'VALIDATION_FAILED',
    {
      fields: [''],
    },
  ),
  post(
    '9,000 nested objects',
    `{"nodeIds":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`,
    'VALIDATION_FAILED',
    {
      fields: [''],
    },
  ),
  post('an array', [], 'VALIDATION_FAILED', { fields: [''] }),
  post('an array of one request', [{ nodeIds: [NODE] }], 'VALIDATION_FAILED', { fields: [''] }),
  post('null', 'null', 'VALIDATION_FAILED', { fields: [''] }),
  post('a string', '"nodeIds"', 'VALIDATION_FAILED', { fields: [''] }),
  post('a number', '1', 'VALIDATION_FAILED', { fields: [''] }),
  post('no bytes', '', 'VALIDATION_FAILED', { fields: [''] }),
  post('no bytes and no type', '', 'VALIDATION_FAILED', { fields: [''], headers: {} }),
  post('broken JSON', '{"nodeIds":["a"', 'MALFORMED_BODY'),
  post('a trailing comma', '{"nodeIds":["a"],}', 'MALFORMED_BODY'),
  post('text after the JSON', '{"nodeIds":["a"]} x', 'MALFORMED_BODY'),
  post('single quotes', "{'nodeIds':['a']}", 'MALFORMED_BODY'),
  post('white space', '   ', 'MALFORMED_BODY'),
  post('a number that is not one', '{"nodeIds":NaN}', 'MALFORMED_BODY'),
  post('1001 ids', { nodeIds: ids(1001) }, 'TOO_MANY_NODES', { fields: ['/nodeIds'] }),
  post('more bytes than allowed', { nodeIds: ['a'.repeat(70_000)] }, 'BODY_TOO_LARGE'),
  post('100 MB announced', '{}', 'BODY_TOO_LARGE', {
    headers: { ...JSON_TYPE, 'Content-Length': '100000000' },
  }),
];

const TYPES: readonly Row[] = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/jsonp',
  'application/merge-patch+json',
  'nonsense',
].map((type) =>
  post(`the media type ${type}`, { nodeIds: [NODE] }, 'UNSUPPORTED_MEDIA_TYPE', {
    headers: { 'Content-Type': type },
    status: 415,
  }),
);

const IDS: readonly Row[] = [
  id('".."', '..'),
  id('"."', '.'),
  id('"%2e%2e"', '%2e%2e'),
  id('"%2E%2E%2F"', '%2E%2E%2Fnodes'),
  id('with a version', `${UUID};1.0`),
  id('with an encoded semicolon', `${UUID}%3Bpwc`),
  id('with an encoded slash', 'a%2fb'),
  id('with a backslash', 'a%5Cb'),
  id('with a blank', 'a%20b'),
  id('with a plus', 'a+b'),
  id('with a NUL', 'a%00'),
  id('with a line break', 'a%0d%0aX-Injected:%201'),
  id('with a double-encoded dot', '%252e%252e'),
  { ...id('with an overlong encoding', '%c0%ae%c0%ae'), code: 'MALFORMED_REQUEST' },
  { ...id('with a broken escape', '%zz'), code: 'MALFORMED_REQUEST' },
  { ...id('with an escape cut off', 'abc%2'), code: 'MALFORMED_REQUEST' },
  id('beyond ASCII', '%C3%A4'),
  id('of 37 characters', `${ID_OF_36}b`),
  id('of 2000 characters', 'a'.repeat(2000)),
  { ...id('with an escape of one sign', '-root-%'), code: 'MALFORMED_REQUEST' },
  {
    name: 'DELETE of ".."',
    method: 'DELETE',
    path: '/nodes/..',
    status: 400,
    code: 'INVALID_ID',
    fields: ['id'],
  },
  {
    name: 'content of "%2e%2e"',
    path: '/nodes/%2e%2e/content',
    status: 400,
    code: 'INVALID_ID',
    fields: ['id'],
  },
  {
    name: 'HEAD of a version',
    method: 'HEAD',
    path: `/downloads/${UUID};1.0/content`,
    status: 400,
    code: '',
  },
];

const method = (name: string, path: string, allow: string): Row => ({
  name: `${name} ${path}`,
  method: name,
  path,
  status: 405,
  code: 'METHOD_NOT_ALLOWED',
  allow,
});

const ROUTES: readonly Row[] = [
  method('PUT', '/downloads', 'GET, HEAD, POST'),
  method('DELETE', '/downloads', 'GET, HEAD, POST'),
  method('GET', `/downloads/${UUID}/request-direct-access-url`, 'POST'),
  method('POST', `/downloads/${UUID}`, 'DELETE, GET, HEAD'),
  method('PATCH', `/downloads/${UUID}`, 'DELETE, GET, HEAD'),
  method('OPTIONS', `/downloads/${UUID}`, 'DELETE, GET, HEAD'),
  method('TRACE', `/downloads/${UUID}`, 'DELETE, GET, HEAD'),
  method('PROPFIND', `/downloads/${UUID}`, 'DELETE, GET, HEAD'),
  method('PUT', `/downloads/${UUID}/content`, 'GET, HEAD'),
  method('POST', `/nodes/${UUID}`, 'DELETE, GET, HEAD'),
  method('PUT', `/nodes/${UUID}`, 'DELETE, GET, HEAD'),
  method('POST', '/health/live', 'GET, HEAD'),
  { name: 'an unknown path', path: '/people/-me-', status: 404, code: 'ROUTE_NOT_FOUND' },
  {
    name: 'a path below a route',
    path: `/downloads/${UUID}/content/x`,
    status: 404,
    code: 'ROUTE_NOT_FOUND',
  },
  {
    name: 'children of a node',
    path: `/nodes/${UUID}/children`,
    status: 404,
    code: 'ROUTE_NOT_FOUND',
  },
  { name: 'another case', path: `/Downloads/${UUID}`, status: 404, code: 'ROUTE_NOT_FOUND' },
  {
    name: 'a part of Swagger UI beyond its end',
    path: '/docs/swagger-ui.css',
    headers: { Range: 'bytes=999999999-' },
    status: 416,
    code: 'RANGE_NOT_SATISFIABLE',
  },
  {
    name: 'another version of Swagger UI',
    path: '/docs/swagger-ui.css',
    headers: { 'If-Match': '"x"' },
    status: 412,
    code: 'PRECONDITION_FAILED',
  },
  {
    name: 'a file beside Swagger UI',
    path: '/docs/%2e%2e/%2e%2e/package.json',
    status: 404,
    code: 'ROUTE_NOT_FOUND',
  },
  {
    name: 'a file that Swagger UI does not have',
    path: '/docs/nope.js',
    status: 404,
    code: 'ROUTE_NOT_FOUND',
  },
  { name: 'broken percent-encoding', path: '/%zz', status: 400, code: 'MALFORMED_REQUEST' },
  {
    name: 'an unknown expectation',
    path: '/nope',
    headers: { Expect: 'miracle' },
    status: 404,
    code: 'ROUTE_NOT_FOUND',
  },
  { name: 'two slashes', path: `//downloads/${UUID}`, status: 404, code: 'ROUTE_NOT_FOUND' },
];

const { alice } = CALLERS;
const encode = (text: string) => Buffer.from(text).toString('base64');

const AUTHORIZATIONS: readonly (readonly [string, string | undefined])[] = [
  ['no header', undefined],
  ['an empty header', ''],
  ['the scheme alone', 'Basic'],
  ['the scheme and a space', 'Basic '],
  ['not base64', 'Basic !!!'],
  ['base64 with invalid characters', `${basic(alice)}!`],
  [
    'base64 with a space inside',
    `Basic ${encode('alice:x').slice(0, 4)} ${encode('alice:x').slice(4)}`,
  ],
  ['no colon', `Basic ${encode('alice')}`],
  ['no name', `Basic ${encode(`:${alice.password}`)}`],
  ['no password', `Basic ${encode('alice:')}`],
  ['a wrong password', basic({ name: 'alice', password: 'wrong' })],
  [
    'a password that only starts with the right one',
    basic({ name: 'alice', password: `${alice.password}:x` }),
  ],
  ['the start of a password with colons', basic({ name: CALLERS.zoe.name, password: 'a' })],
  ['an unknown user', basic({ name: 'mallory', password: alice.password })],
  ['the name in another case', basic({ name: 'Alice', password: alice.password })],
  ['a scheme that contains "basic"', basic(alice).replace('Basic', 'NotBasicAtAll')],
  ['the scheme xBasic', basic(alice).replace('Basic', 'xBasic')],
  ['a bearer token', 'Bearer abc.def.ghi'],
  ['a control character', `Basic ${encode(`alice:${alice.password}\u0007`)}`],
  ['bytes that are not UTF-8', `Basic ${Buffer.from([0x61, 0x3a, 0xff, 0xfe]).toString('base64')}`],
  ['Latin-1 instead of UTF-8', `Basic ${Buffer.from('zoë:x', 'latin1').toString('base64')}`],
  ['credentials twice', `${basic(alice)}, ${basic(alice)}`],
  [
    "Alfresco's own service account",
    basic({ name: 'downloads-service', password: 'svc-s3cret-Pa55' }),
  ],
  ["a ticket of Alfresco's", `Basic ${encode('ROLE_TICKET:TICKET_0123456789abcdef')}`],
];

async function expectProblem(row: Row, port: number): Promise<void> {
  const response = await rawRequest(port, {
    ...row,
    headers: { Authorization: AS_ALICE.authorization, ...row.headers },
  });
  expect(response.status).toBe(row.status);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(response.headers['x-injected']).toBeUndefined();
  if (row.allow) expect(response.headers.allow).toBe(row.allow);
  if (row.method === 'HEAD') return expect(response.body).toBe('');
  const problem = response.json();
  expect(problem).toMatchObject({
    status: row.status,
    code: row.code,
    type: expect.stringMatching(/^\/problems\/[a-z-]+$/),
    title: expect.stringMatching(/./),
    detail: expect.stringMatching(/./),
    requestId: response.headers['x-request-id'],
    error: {
      errorKey: row.code,
      statusCode: row.status,
      stackTrace: '',
      logId: problem.requestId,
    },
  });
  if (row.fields) {
    const errors = problem.errors as { pointer?: string; parameter?: string; detail: string }[];
    expect(errors.map(({ pointer, parameter }) => pointer ?? parameter)).toEqual(row.fields);
    expect(errors.every(({ detail }) => detail.length > 0)).toBe(true);
  }
}

describe('a bad request gets a problem document and never reaches Alfresco', () => {
  quiet.afterEach(({ runningSandbox }) => {
    expect(runningSandbox.requests).toEqual([]);
    expect(runningSandbox.downloadIds()).toEqual([]);
  });

  describe('bodies', () => {
    quiet.for(BODIES)('$name: $code', (row, { bff }) => expectProblem(row, bff.port));
  });
  describe('media types', () => {
    quiet.for(TYPES)('$name: $code', (row, { bff }) => expectProblem(row, bff.port));
  });
  describe('ids', () => {
    quiet.for(IDS)('$name', (row, { bff }) => expectProblem(row, bff.port));
  });
  describe('routes and methods', () => {
    quiet.for(ROUTES)('$name: $code', (row, { bff }) => expectProblem(row, bff.port));
  });

  describe('credentials', () => {
    quiet.for(AUTHORIZATIONS)(
      '%s: UNAUTHENTICATED with a challenge',
      async ([_name, authorization], { bff }) => {
        const response = await rawRequest(bff.port, {
          path: `/downloads/${UUID}`,
          headers: authorization === undefined ? {} : { Authorization: authorization },
        });
        expect(response.status).toBe(401);
        expect(response.headers['www-authenticate']).toBe(
          'Basic realm="alfresco-downloads", charset="UTF-8"',
        );
        expect(response.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
      },
    );

    quiet('a script is challenged with a scheme that opens no login window', async ({ bff }) => {
      const response = await rawRequest(bff.port, {
        path: `/downloads/${UUID}`,
        headers: { 'X-Requested-With': 'XMLHttpRequest' },
      });
      expect(response.headers['www-authenticate']).toBe(
        'xBasic realm="alfresco-downloads", charset="UTF-8"',
      );
    });
  });

  describe('bytes that are not an HTTP request', () => {
    quiet.for([
      ['not HTTP at all', 'hello\r\n\r\n', 400, 'MALFORMED_REQUEST'],
      ['an unknown method', 'FETCH / HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'MALFORMED_REQUEST'],
      [
        'both a length and chunks',
        'POST /downloads HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
        'MALFORMED_REQUEST',
      ],
      [
        'two lengths',
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
        400,
        'MALFORMED_REQUEST',
      ],
      [
        'no host',
        'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n',
        400,
        'MALFORMED_REQUEST',
      ],
      [
        'oversized headers',
        `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`,
        431,
        'HEADERS_TOO_LARGE',
      ],
    ] as const)('%s', async ([_name, bytes, status, code], { bff }) => {
      const response = await rawBytes(bff.port, bytes);
      expect(response.status).toBe(status);
      expect(response.json()).toMatchObject({ status, code });
    });
  });
});

describe('credentials that RFC 7617 allows are accepted', () => {
  quiet.for([
    ['a password with colons in UTF-8', basic(CALLERS.zoe)],
    ['the scheme in lower case', basic(alice).replace('Basic', 'basic')],
    ['two spaces after the scheme', basic(alice).replace(' ', '  ')],
    ['base64 without padding', basic(alice).replace(/=+$/, '')],
  ] as const)('%s', async ([_name, authorization], { bff }) => {
    const response = await rawRequest(bff.port, {
      path: '/downloads/unknown',
      headers: { Authorization: authorization },
    });
    expect(response.json()).toMatchObject({ code: 'DOWNLOAD_NOT_FOUND' });
  });
});

describe('the tables of bad requests', () => {
  test('have at least sixty rows', () => {
    expect(
      BODIES.length + TYPES.length + IDS.length + ROUTES.length + AUTHORIZATIONS.length,
    ).toBeGreaterThanOrEqual(60);
  });
});
