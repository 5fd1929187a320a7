import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { DownloadsApi } from './api.js';
import type { Bff } from './bff.js';
import { EVERY_SCHEME } from './every-scheme.js';
import { configured } from './fixtures.js';
import { type RawResponse, type RawRequest, rawRequest } from './raw-http.js';

/** The same requests in every run, so that a new failure comes from a change. */
const SEED = 20_261_124;

/** An operation of the OpenAPI document. */
export interface Operation {
  /** Method and path. */
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly responses: Record<string, { content?: Record<string, { schema?: object }> }>;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

const openapi = JSON.parse(await readFile('openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, Omit<Operation, 'title' | 'method' | 'path'>>>;
};

/** All operations of the OpenAPI document. */
export const OPERATIONS: readonly Operation[] = Object.entries(openapi.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      title: `${method.toUpperCase()} ${path}`,
      method,
      path,
    })),
);

/** A service with every route, short timeouts and low limits. */
export const impatient = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: {
    ...EVERY_SCHEME,
    STALL_AFTER_MS: '200',
    PENDING_STALL_AFTER_MS: '400',
    MAX_NODE_IDS: '20',
    STATUS_FRESHNESS_MS: '1',
  },
});

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(openapi, 'openapi');

/** Hostile text that can still be sent in a request line or a header. */
const wild = fc.oneof(
  fc.string({ maxLength: 60 }).map(encodeURIComponent),
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom(
    '..',
    '%2e%2e',
    '.',
    ';',
    '%00',
    '%0d%0aX:%20y',
    '%ff',
    '%',
    '-root-',
    'a;1.0',
    '%2F',
    '\\',
    '0'.repeat(2000),
  ),
);
const ids = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('finished', 'started') },
  { weight: 2, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.constantFrom('forbidden', 'FORBIDDEN') },
  // An empty id would make it another path.
  { weight: 3, arbitrary: wild.filter((text) => text !== '') },
);
const visible = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  maxLength: 80,
});
const headerValues = fc.oneof(
  visible,
  fc.constantFrom(
    '*',
    '"x"',
    'W/"x"',
    'bytes=0-',
    'bytes=-1',
    'bytes=5-1',
    'bytes=0-1,3-4',
    'wait=0',
    'wait=1',
    'wait=x',
    'DONE.1.13.1.13',
  ),
);
const queryValues = fc.oneof(
  wild,
  fc.constantFrom('content', 'true', 'false', '0', '1', '-1', '1e9', 'id,status'),
);
const nodeIds = fc.oneof(
  fc.array(
    fc.oneof(fc.constantFrom(...Object.values(SAMPLE_NODES)), fc.string({ maxLength: 40 })),
    { maxLength: 25 },
  ),
  fc.jsonValue(),
);
const bodies = fc.oneof(
  { weight: 4, arbitrary: fc.record({ nodeIds }).map((body) => JSON.stringify(body)) },
  { weight: 2, arbitrary: fc.jsonValue().map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constant('{"nodeIds":["' + 'x'.repeat(70_000) + '"]}') },
);

interface Request {
  readonly id: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly accept: string;
  readonly contentType: string;
  readonly body: string;
}

/** Some of these names, each with a value from this list. */
const some = (names: readonly string[], values: fc.Arbitrary<string>) =>
  fc.record(Object.fromEntries(names.map((name) => [name, values])), { requiredKeys: [] });

function requestsFor({ parameters = [] }: Operation): fc.Arbitrary<Request> {
  const namesIn = (location: string) =>
    parameters.filter((one) => one.in === location).map(({ name }) => name);
  return fc.record({
    id: ids,
    query: some([...namesIn('query'), 'unknown', 'alf_ticket'], queryValues) as fc.Arbitrary<
      Record<string, string>
    >,
    headers: some([...namesIn('header'), 'X-Unknown'], headerValues) as fc.Arbitrary<
      Record<string, string>
    >,
    accept: fc.constantFrom(
      '*/*',
      'application/json',
      'text/event-stream',
      'text/html',
      'nonsense',
    ),
    contentType: fc.constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'text/plain',
      'multipart/form-data; boundary=x',
    ),
    body: bodies,
  });
}

/** Downloads of the caller by placeholder. */
type OwnDownloads = ReadonlyMap<string, string>;

/**
 * Sends random requests to the operation, and expects that the OpenAPI document describes each response and none is 500.
 */
export async function expectDescribedResponses(
  operation: Operation,
  count: number,
  { api, bff }: { api: DownloadsApi; bff: Bff },
): Promise<void> {
  const downloads = new Map([
    ['finished', await api.createFinished([SAMPLE_NODES.textFile])],
    ['started', await api.start([SAMPLE_NODES.emptyFolder])],
  ]);
  await fc.assert(
    fc.asyncProperty(requestsFor(operation), async (request) => {
      const response = await rawRequest(bff.port, rawOf(operation, request, downloads, api));
      expectDescribed(operation, response);
    }),
    { numRuns: count, seed: SEED },
  );
}

function rawOf(
  { method, path }: Operation,
  request: Request,
  downloads: OwnDownloads,
  { headers }: DownloadsApi,
): RawRequest {
  const id = downloads.get(request.id) ?? request.id;
  const query = Object.entries(request.query).map(([name, value]) => `${name}=${value}`);
  const target =
    path.replace(/\{(?:id|code)\}/, id) + (query.length > 0 ? `?${query.join('&')}` : '');
  const hasBody = method === 'post';
  return {
    method: method.toUpperCase(),
    path: target,
    headers: {
      ...headers,
      ...request.headers,
      Accept: request.accept,
      ...(hasBody && { 'Content-Type': request.contentType }),
    },
    ...(hasBody && { body: request.body }),
  };
}

function expectDescribed(operation: Operation, response: RawResponse): void {
  expect(response.status).toBeGreaterThanOrEqual(200);
  expect(response.status).not.toBe(500);
  if (isElsewhere(response)) return;
  expect(Object.keys(operation.responses)).toContain(String(response.status));
  if (response.body === '' || operation.method === 'head') return;
  // A browser navigation: HTML problems are described once for the whole API, not with each response.
  if (response.status >= 400 && response.headers['content-type']?.startsWith('text/html')) return;
  const type = describedType(operation, response);
  expect(type, `${response.status} ${response.headers['content-type']}`).toBeDefined();
  if (!type!.endsWith('json')) return;
  const isValid = schemaOf(operation, response.status, type!);
  expect(isValid(response.json()), JSON.stringify(isValid.errors)).toBe(true);
}

/** The media type under which the document describes this response; `undefined` if it does not. */
function describedType({ responses }: Operation, { status, headers }: RawResponse) {
  const contents = responses[String(status)]?.content ?? {};
  const type = headers['content-type']?.split(';')[0];
  return type === undefined ? undefined : Object.keys(contents).find((one) => one === type);
}

function schemaOf({ path, method }: Operation, status: number, type: string): ValidateFunction {
  const pointer = ['paths', path, method, 'responses', String(status), 'content', type, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  return ajv.getSchema(`openapi#/${pointer}`)!;
}

/** A path that cannot match the operation: a response of the router itself belongs to no operation. */
const isElsewhere = ({ status, body }: RawResponse) =>
  ['ROUTE_NOT_FOUND', 'MALFORMED_REQUEST', 'METHOD_NOT_ALLOWED'].some((code) =>
    [`"code":"${code}"`, `<code>${code}</code>`].some((text) => body.includes(text)),
  ) ||
  (status >= 400 && body === '');
