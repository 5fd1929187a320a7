import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { DownloadsProblem } from 'alfresco-downloads-client';
import type { Exports } from './exports.ts';

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly location?: string;
}

/** `POST /exports` and `GET /exports/{id}`. */
export function createExportsServer(exports: Exports): Server {
  return createServer((request, response) => {
    route(exports, request).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        console.error(error);
        send(response, { status: 500, body: { error: 'something went wrong' } });
      },
    );
  });
}

async function route(exports: Exports, request: IncomingMessage): Promise<Reply> {
  const { method, url = '' } = request;
  if (method === 'POST' && url === '/exports') return start(exports, await text(request));
  const id = /^\/exports\/([\w-]+)$/.exec(url)?.[1];
  if (method === 'GET' && id !== undefined) return show(exports, id);
  return { status: 404, body: { error: 'there is nothing here' } };
}

function start(exports: Exports, body: string): Reply {
  const nodeIds = nodeIdsIn(body);
  if (!nodeIds) return { status: 400, body: { error: 'send {"nodeIds":["…"]}' } };
  const { id, state } = exports.start(nodeIds);
  return { status: 202, body: { id, state }, location: `/exports/${id}` };
}

/** The ids of a request. The downloads service validates them. */
function nodeIdsIn(body: string): string[] | undefined {
  try {
    const { nodeIds } = JSON.parse(body) as { nodeIds?: unknown };
    const isList = Array.isArray(nodeIds) && nodeIds.every((id) => typeof id === 'string');
    return isList ? nodeIds : undefined;
  } catch {
    return undefined;
  }
}

async function show(exports: Exports, id: string): Promise<Reply> {
  const job = exports.find(id);
  if (!job) return { status: 404, body: { error: 'there is no such export' } };
  const { state, percent, failure } = job;
  if (state !== 'ready') return { status: 200, body: { id, state, percent, failure } };
  try {
    const { contentUrl, expiryTime } = await exports.link(job);
    return { status: 200, body: { id, state, percent, contentUrl, expiryTime } };
  } catch (error) {
    const isGone = error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND';
    if (isGone) return { status: 200, body: { id, state: 'expired' } };
    return { status: 503, body: { id, state, error: 'a link cannot be created now' } };
  }
}

function send(response: ServerResponse, { status, body, location }: Reply): void {
  response
    .writeHead(status, { 'content-type': 'application/json', ...(location && { location }) })
    .end(JSON.stringify(body));
}
