import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import type { DownloadsApi } from '../api.js';

/** Response expected from Alfresco to the request that fails: JSON, an empty body, a ZIP, or readiness; none without a call. */
export type RouteKind = 'json' | 'empty' | 'content' | 'probe' | 'none';

/** One request to the service, and its request to Alfresco that fails. */
export interface Route {
  readonly name: string;
  /** Its operation in openapi.json. */
  readonly operationId: string;
  readonly kind: RouteKind;
  readonly upstream: { readonly method: string; readonly path: RegExp };
  /** Whether Alfresco must not receive it twice. */
  readonly isNeverRetried?: boolean;
  /** Whether it needs a running download, because a finished one is served without calling Alfresco. */
  readonly needsRunningDownload?: boolean;
  call(api: DownloadsApi, id: string): Promise<Response>;
}

const CREATION = { method: 'POST', path: /\/downloads$/ };
const STATUS = { method: 'GET', path: /\/downloads\/[^/]+$/ };
const NODE = { method: 'GET', path: /\/nodes\/[^/]+$/ };
const CONTENT = { method: 'GET', path: /\/content$/ };
const NOTHING = { method: 'NONE', path: /^$/ };

/** A request whose path may contain the id. */
const request =
  (method: string, path: string, headers: Record<string, string> = {}) =>
  (api: DownloadsApi, id: string) =>
    api.request(method, path.replace('{id}', id), { headers });

/** The response up to its first event, since the stream does not end. */
async function firstEvent(api: DownloadsApi, id: string): Promise<Response> {
  const response = await api.request('GET', `/downloads/${id}/events`);
  const { status, headers } = response;
  if (status !== 200) return response;
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new Response(value, { status, headers });
}

/** Every route of the service. Add new ones here, so that they are tried with the faults. */
export const ROUTES: readonly Route[] = [
  {
    name: 'POST /downloads',
    operationId: 'createDownload',
    kind: 'json',
    upstream: CREATION,
    isNeverRetried: true,
    call: (api) => api.create([SAMPLE_NODES.textFile]),
  },
  {
    name: 'GET /downloads',
    operationId: 'listDownloads',
    kind: 'json',
    upstream: STATUS,
    needsRunningDownload: true,
    call: request('GET', '/downloads?maxItems=1'),
  },
  {
    name: 'GET /downloads/{id}',
    operationId: 'getDownload',
    kind: 'json',
    upstream: STATUS,
    needsRunningDownload: true,
    call: request('GET', '/downloads/{id}'),
  },
  {
    name: 'GET /downloads/{id} with Prefer',
    operationId: 'getDownload',
    kind: 'json',
    upstream: STATUS,
    needsRunningDownload: true,
    call: request('GET', '/downloads/{id}', { prefer: 'wait=1' }),
  },
  {
    name: 'GET /downloads/{id}/events',
    operationId: 'watchDownload',
    kind: 'json',
    upstream: STATUS,
    needsRunningDownload: true,
    call: firstEvent,
  },
  {
    name: 'POST /downloads/content',
    operationId: 'deliverContent',
    kind: 'json',
    upstream: CREATION,
    isNeverRetried: true,
    call: (api) =>
      api.request('POST', '/downloads/content', {
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
        headers: { 'content-type': 'application/json' },
      }),
  },
  {
    name: 'DELETE /downloads/{id}',
    operationId: 'cancelDownload',
    kind: 'empty',
    upstream: { ...STATUS, method: 'DELETE' },
    call: request('DELETE', '/downloads/{id}'),
  },
  {
    name: 'POST /downloads/{id}/request-direct-access-url',
    operationId: 'requestDirectAccessUrl',
    kind: 'none',
    upstream: NOTHING,
    call: request('POST', '/downloads/{id}/request-direct-access-url'),
  },
  {
    name: 'GET /downloads/{id}/content, asking for the node',
    operationId: 'getDownloadContent',
    kind: 'json',
    upstream: NODE,
    call: request('GET', '/downloads/{id}/content'),
  },
  {
    name: 'GET /downloads/{id}/content, asking for the content',
    operationId: 'getDownloadContent',
    kind: 'content',
    upstream: CONTENT,
    call: request('GET', '/downloads/{id}/content'),
  },
  {
    name: 'HEAD /downloads/{id}/content',
    operationId: 'headDownloadContent',
    kind: 'json',
    upstream: NODE,
    call: request('HEAD', '/downloads/{id}/content'),
  },
  {
    name: 'GET /nodes/{id}',
    operationId: 'getNode',
    kind: 'json',
    upstream: NODE,
    call: request('GET', '/nodes/{id}'),
  },
  {
    name: 'HEAD /nodes/{id}',
    operationId: 'getNode',
    kind: 'json',
    upstream: NODE,
    call: request('HEAD', '/nodes/{id}'),
  },
  {
    name: 'GET /nodes/{id}/content with a range',
    operationId: 'getNodeContent',
    kind: 'content',
    upstream: CONTENT,
    call: request('GET', '/nodes/{id}/content', { range: 'bytes=1-' }),
  },
  {
    name: 'HEAD /nodes/{id}/content',
    operationId: 'headNodeContent',
    kind: 'json',
    upstream: NODE,
    call: request('HEAD', '/nodes/{id}/content'),
  },
  {
    name: 'DELETE /nodes/{id}',
    operationId: 'deleteNode',
    kind: 'empty',
    upstream: { ...NODE, method: 'DELETE' },
    isNeverRetried: true,
    call: request('DELETE', '/nodes/{id}'),
  },
  {
    name: 'GET /problems',
    operationId: 'listProblems',
    kind: 'none',
    upstream: NOTHING,
    call: request('GET', '/problems'),
  },
  {
    name: 'GET /problems/{code}',
    operationId: 'explainProblem',
    kind: 'none',
    upstream: NOTHING,
    call: request('GET', '/problems/forbidden'),
  },
  {
    name: 'GET /health/live',
    operationId: 'getLiveness',
    kind: 'none',
    upstream: NOTHING,
    call: request('GET', '/health/live'),
  },
  {
    name: 'GET /health/ready',
    operationId: 'getReadiness',
    kind: 'probe',
    upstream: { method: 'GET', path: /\/probes\/-ready-$/ },
    call: request('GET', '/health/ready'),
  },
];
