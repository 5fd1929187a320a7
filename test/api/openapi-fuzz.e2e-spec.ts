import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { type RawAnswer, rawRequest } from '../harness/raw-http.js';

/** Requests to each operation; the same in every run, so that a failure is that of a change. */
const RUNS = 150;
const SEED = 20_261_124;

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { content?: Record<string, { schema?: object }> }>;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

const openapi = JSON.parse(await readFile('openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

let sandbox: Sandbox;
let bff: Bff;
let own: string;
let running: string;
let ajv: Ajv2020;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, { STALL_AFTER_MS: '200', MAX_NODE_IDS: '20' });
  ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(openapi, 'openapi');
});
beforeEach(async () => {
  const api = DownloadsApi.ofBff(bff.url);
  own = await api.make([SAMPLE_NODES.textFile]);
  running = await api.start([SAMPLE_NODES.emptyFolder]);
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

/** Text that may be sent in a request line or a header, wild as it is. */
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
  { weight: 3, arbitrary: fc.constantFrom('own', 'running') },
  { weight: 2, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.constantFrom('forbidden', 'FORBIDDEN') },
  // Without an id it is another path.
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

/** Some of these names, each with such a value. */
const some = (names: readonly string[], values: fc.Arbitrary<string>) =>
  fc.record(Object.fromEntries(names.map((name) => [name, values])), { requiredKeys: [] });

function requestsFor({ parameters = [] }: Operation): fc.Arbitrary<Request> {
  const named = (place: string) =>
    parameters.filter((one) => one.in === place).map(({ name }) => name);
  return fc.record({
    id: ids,
    query: some([...named('query'), 'unknown', 'alf_ticket'], queryValues) as fc.Arbitrary<
      Record<string, string>
    >,
    headers: some([...named('header'), 'X-Unknown'], headerValues) as fc.Arbitrary<
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

function send(path: string, method: string, request: Request): Promise<RawAnswer> {
  const id = new Map(Object.entries({ own, running })).get(request.id) ?? request.id;
  const query = Object.entries(request.query).map(([name, value]) => `${name}=${value}`);
  const target =
    path.replace(/\{(?:id|code)\}/, id) + (query.length > 0 ? `?${query.join('&')}` : '');
  const hasBody = method === 'post';
  return rawRequest(bff.port, {
    method: method.toUpperCase(),
    path: target,
    headers: {
      ...AS_ALICE,
      ...request.headers,
      Accept: request.accept,
      ...(hasBody && { 'Content-Type': request.contentType }),
    },
    body: hasBody ? request.body : undefined,
  });
}

/** The part of the document that describes such an answer; undefined when there is none. */
function described(path: string, method: string, { status, headers }: RawAnswer) {
  const { responses } = openapi.paths[path]![method]!;
  const contents = responses[String(status)]?.content ?? {};
  const type = headers['content-type']?.split(';')[0];
  return type === undefined ? undefined : Object.keys(contents).find((one) => one === type);
}

function schemaOf(path: string, method: string, status: number, type: string): ValidateFunction {
  const pointer = ['paths', path, method, 'responses', String(status), 'content', type, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  return ajv.getSchema(`openapi#/${pointer}`)!;
}

/** A path that cannot be that of the operation: the router has its own answers, which belong to none. */
const isElsewhere = ({ status, body }: RawAnswer) =>
  ['ROUTE_NOT_FOUND', 'MALFORMED_REQUEST', 'METHOD_NOT_ALLOWED'].some((code) =>
    body.includes(`"code":"${code}"`),
  ) ||
  (status >= 400 && body === '');

describe('whatever is sent to', () => {
  it.each(operations.map((one) => [`${one.method.toUpperCase()} ${one.path}`, one] as const))(
    '%s is answered as the OpenAPI document says, and never with 500',
    { timeout: 60_000 },
    async (_title, { path, method, operation }) => {
      await fc.assert(
        fc.asyncProperty(requestsFor(operation), async (request) => {
          const answer = await send(path, method, request);
          expect(answer.status).toBeGreaterThanOrEqual(200);
          expect(answer.status).not.toBe(500);
          if (isElsewhere(answer)) return;
          expect(Object.keys(operation.responses)).toContain(String(answer.status));
          if (answer.body === '' || method === 'head') return;
          const type = described(path, method, answer);
          expect(type, `${answer.status} ${answer.headers['content-type']}`).toBeDefined();
          if (!type!.endsWith('json')) return;
          const isValid = schemaOf(path, method, answer.status, type!);
          expect(isValid(answer.json()), JSON.stringify(isValid.errors)).toBe(true);
        }),
        { numRuns: RUNS, seed: SEED },
      );
    },
  );
});
