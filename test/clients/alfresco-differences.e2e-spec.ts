import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { SERVICE_ACCOUNT, basic } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { type RawResponse, type RawRequest, rawRequest } from '../harness/raw-http.js';

/*
 * What docs/integration.md says under "Differences from Alfresco": each row is sent to the stand-in, which is held against
 * recordings of Alfresco, and to the service.
 */

const CORE = '/alfresco/api/-default-/public/alfresco/versions/1';
const TICKETS = '/alfresco/api/-default-/public/authentication/versions/1/tickets';
const { textFile, projectsFolder } = SAMPLE_NODES;
const JSON_TYPE = { 'Content-Type': 'application/json' };
const LATER = new Date(Date.now() + 86_400_000).toUTCString();

const it = configured({ variables: { API_PREFIX: CORE } });

/** The service or Alfresco: its address, and the downloads created there. */
interface Side {
  readonly port: number;
  readonly user: { readonly name: string; readonly password: string };
  /** Its status is DONE. */
  readonly done: string;
  /** Its status stays IN_PROGRESS. */
  readonly stuck: string;
}

interface Row {
  readonly name: string;
  readonly request: (side: Side) => RawRequest;
  /** The status of the response, or the other property that differs. */
  readonly seen?: (response: RawResponse) => unknown;
  readonly alfresco: unknown;
  readonly here: unknown;
}

const post =
  (body: string, headers: Record<string, string> = JSON_TYPE) =>
  () => ({
    method: 'POST',
    path: `${CORE}/downloads`,
    headers,
    body,
  });
const nodeIds = (...ids: readonly unknown[]) => JSON.stringify({ nodeIds: ids });
const download =
  (query = '') =>
  ({ done }: Side) => ({ path: `${CORE}/downloads/${done}${query}` });
const content =
  (headers: Record<string, string> = {}, method = 'GET') =>
  ({ done }: Side) => ({
    method,
    path: `${CORE}/nodes/${done}/content`,
    headers,
  });
const header =
  (name: string) =>
  ({ headers }: RawResponse) =>
    headers[name];
/** Alfresco's responses come in one chunk. */
const jsonOf = ({ body }: RawResponse) =>
  JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as {
    entry: object;
    error: { errorKey: string };
  };
const errorKey = (response: RawResponse) => jsonOf(response).error.errorKey;
const entryNames = (response: RawResponse) => Object.keys(jsonOf(response).entry).toSorted();

const ROWS: readonly Row[] = [
  { name: 'HEAD', request: content({}, 'HEAD'), alfresco: 405, here: 200 },
  { name: 'OPTIONS', request: content({}, 'OPTIONS'), alfresco: 200, here: 405 },
  {
    name: 'a list of downloads',
    request: () => ({ path: `${CORE}/downloads` }),
    alfresco: 405,
    here: 200,
  },
  {
    name: 'another method in X-HTTP-Method-Override',
    request: ({ stuck }) => ({
      method: 'POST',
      path: `${CORE}/downloads/${stuck}`,
      headers: { 'X-HTTP-Method-Override': 'GET' },
    }),
    alfresco: 200,
    here: 405,
  },
  { name: 'POST without nodeIds', request: post('{}'), alfresco: 500, here: 400 },
  { name: 'POST with a list', request: post(`[${nodeIds(textFile)}]`), alfresco: 405, here: 400 },
  {
    name: 'POST with a bare id',
    request: post(`{"nodeIds":"${textFile}"}`),
    alfresco: 202,
    here: 400,
  },
  {
    name: 'POST with other members of a download',
    request: post(JSON.stringify({ nodeIds: [textFile], status: 'DONE' })),
    alfresco: 202,
    here: 400,
  },
  {
    name: 'POST with text after the JSON',
    request: post(`${nodeIds(textFile)} x`),
    alfresco: 202,
    here: 400,
  },
  {
    name: 'POST of another type',
    request: post(nodeIds(textFile), { 'Content-Type': 'text/plain' }),
    alfresco: 202,
    here: 415,
  },
  { name: 'POST without a type', request: post(nodeIds(textFile), {}), alfresco: 202, here: 415 },
  {
    name: 'POST in chunks',
    request: () => {
      const body = nodeIds(textFile);
      return {
        ...post(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)(),
        headers: { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' },
      };
    },
    alfresco: 400,
    here: 202,
  },
  {
    name: 'POST with an id with a version',
    request: post(nodeIds(`${textFile};1.0`)),
    alfresco: 202,
    here: 400,
  },
  { name: 'an id with a version', request: download(';1.0'), alfresco: 200, here: 400 },
  {
    name: 'an id in upper case',
    request: ({ done }) => ({ path: `${CORE}/downloads/${done.toUpperCase()}` }),
    alfresco: 404,
    here: 200,
  },
  { name: 'maxItems=0', request: download('?maxItems=0'), alfresco: 400, here: 200 },
  { name: 'a malformed include', request: download('?include=(a'), alfresco: 400, here: 200 },
  { name: 'relations', request: download('?relations=x'), alfresco: 404, here: 200 },
  {
    name: 'fields twice',
    request: download('?fields=id&fields=status'),
    seen: entryNames,
    alfresco: ['id'],
    here: ['id', 'status'],
  },
  {
    name: 'properties, the old name of fields',
    request: download('?properties=id'),
    seen: (response) => entryNames(response).length,
    alfresco: 1,
    here: 6,
  },
  {
    name: 'the ETag of a download',
    request: download(),
    seen: header('etag'),
    alfresco: undefined,
    here: '"DONE.1.13.1.13"',
  },
  {
    name: 'the errorKey of an unknown id',
    request: () => ({ path: `${CORE}/downloads/11111111-2222-3333-4444-555555555555` }),
    seen: errorKey,
    alfresco: 'framework.exception.EntityNotFound',
    here: 'DOWNLOAD_NOT_FOUND',
  },
  {
    name: 'the type of an error',
    request: () => ({ path: `${CORE}/downloads/11111111-2222-3333-4444-555555555555` }),
    seen: header('content-type'),
    alfresco: 'application/json;charset=UTF-8',
    here: 'application/problem+json; charset=utf-8',
  },
  {
    name: 'a file as a download',
    request: () => ({ path: `${CORE}/downloads/${textFile}` }),
    alfresco: 400,
    here: 404,
  },
  {
    name: 'a file',
    request: () => ({ path: `${CORE}/nodes/${textFile}` }),
    alfresco: 200,
    here: 404,
  },
  {
    name: 'the content of a file',
    request: () => ({ path: `${CORE}/nodes/${textFile}/content` }),
    alfresco: 200,
    here: 404,
  },
  {
    name: 'the children of a folder',
    request: () => ({ path: `${CORE}/nodes/${projectsFolder}/children` }),
    alfresco: 200,
    here: 404,
  },
  {
    name: 'PUT of a node',
    request: ({ stuck }) => ({
      method: 'PUT',
      path: `${CORE}/nodes/${stuck}`,
      headers: JSON_TYPE,
      body: '{"name":"x.zip"}',
    }),
    alfresco: 200,
    here: 405,
  },
  {
    name: 'content before DONE',
    request: ({ stuck }) => ({ path: `${CORE}/nodes/${stuck}/content` }),
    alfresco: 404,
    here: 409,
  },
  {
    name: 'content before DONE, if modified since later',
    request: ({ stuck }) => ({
      path: `${CORE}/nodes/${stuck}/content`,
      headers: { 'If-Modified-Since': LATER },
    }),
    alfresco: 304,
    here: 409,
  },
  {
    name: 'the type of the ZIP',
    request: content(),
    seen: header('content-type'),
    alfresco: 'application/octet-stream;charset=UTF-8',
    here: 'application/zip',
  },
  {
    name: 'Content-Range of a whole ZIP',
    request: content(),
    seen: (response) => header('content-range')(response) !== undefined,
    alfresco: true,
    here: false,
  },
  {
    name: 'the ETag of a part',
    request: content({ Range: 'bytes=0-9' }),
    seen: (response) => header('etag')(response) !== undefined,
    alfresco: false,
    here: true,
  },
  {
    name: 'the last ten bytes',
    request: content({ Range: 'bytes=-10' }),
    seen: header('content-length'),
    alfresco: '11',
    here: '10',
  },
  {
    name: 'a range to beyond the end',
    request: content({ Range: 'bytes=0-99999' }),
    seen: (response) => Number(header('content-length')(response)) === 100_000,
    alfresco: true,
    here: false,
  },
  { name: 'two ranges', request: content({ Range: 'bytes=0-1,4-5' }), alfresco: 206, here: 200 },
  {
    name: 'a range outside',
    request: content({ Range: 'bytes=99999-' }),
    seen: header('content-range'),
    alfresco: '"*"',
    here: expect.stringMatching(/^bytes \*\/\d+$/),
  },
  { name: 'another unit', request: content({ Range: 'lines=0-9' }), alfresco: 206, here: 200 },
  {
    name: 'If-None-Match: *',
    request: content({ 'If-None-Match': '*' }),
    alfresco: 200,
    here: 304,
  },
  { name: 'If-Match', request: content({ 'If-Match': '"x"' }), alfresco: 200, here: 412 },
  {
    name: 'If-Range of another ZIP',
    request: content({ Range: 'bytes=0-9', 'If-Range': '"x"' }),
    alfresco: 206,
    here: 200,
  },
  {
    name: 'Basic that is not base64',
    request: (side) => ({ ...download()(side), headers: { Authorization: 'Basic !!!' } }),
    alfresco: 500,
    here: 401,
  },
  {
    name: 'a login in a list',
    request: ({ user }) => ({
      method: 'POST',
      path: TICKETS,
      headers: JSON_TYPE,
      body: JSON.stringify([{ userId: user.name, password: user.password }]),
    }),
    alfresco: 201,
    here: 400,
  },
  {
    name: 'a login with the name in upper case',
    request: ({ user }) => ({
      method: 'POST',
      path: TICKETS,
      headers: JSON_TYPE,
      body: JSON.stringify({ userId: user.name.toUpperCase(), password: user.password }),
    }),
    alfresco: 201,
    here: 403,
  },
  {
    name: 'the errorKey of a wrong login',
    request: ({ user }) => ({
      method: 'POST',
      path: TICKETS,
      headers: JSON_TYPE,
      body: JSON.stringify({ userId: user.name, password: 'wrong' }),
    }),
    seen: errorKey,
    alfresco: 'Login failed',
    here: 'FORBIDDEN',
  },
  {
    name: 'a probe of Alfresco',
    request: () => ({ path: `${CORE}/probes/-live-` }),
    alfresco: 200,
    here: 404,
  },
];

describe('the service differs from Alfresco as docs/integration.md says', () => {
  it.for(ROWS)('$name', async (row, { bff, sandbox, user }) => {
    const account = { name: SERVICE_ACCOUNT.id, password: SERVICE_ACCOUNT.password };
    const sides = [
      {
        port: Number(new URL(sandbox.url).port),
        user: account,
        api: DownloadsApi.ofAlfresco(sandbox.url),
      },
      { port: bff.port, user, api: new DownloadsApi(bff.url + CORE, user.headers) },
    ];
    const seen: unknown[] = [];
    for (const { api, ...side } of sides) {
      const done = await api.createFinished([textFile]);
      const stuck = await api.startStuck();
      const request = row.request({ ...side, done, stuck });
      const headers = { Authorization: basic(side.user), ...request.headers };
      const response = await rawRequest(side.port, { ...request, headers });
      seen.push(row.seen ? row.seen(response) : response.status);
    }
    expect(seen).toEqual([row.alfresco, row.here]);
  });
});
