import { API_DEFAULT, ApiError } from './api-error.ts';
import type { ApiCall } from './api-call.ts';
import { contentDisposition } from './content-disposition.ts';
import { respondToRange, type RangeResponse } from './content-range.ts';
import { parseModifiedSince } from './http-date.ts';
import type { RepositoryNode } from '../repository/node-model.ts';
import type { NodeContent } from '../repository/node-content.ts';
import { NO_CACHE_HEADERS, type Header, type Reply } from './reply.ts';

/** `content.nonAttach.mimetypes`: the only types for which `attachment=false` is heeded. */
const NON_ATTACH_TYPES: ReadonlySet<string> = new Set([
  'application/pdf',
  'image/jpeg',
  'image/gif',
  'image/png',
  'image/tiff',
  'image/bmp',
  'application/octet-stream',
]);
/** Java's Integer.MAX_VALUE: Alfresco sets the length of a 416 as an int. */
const MAX_INT = 2 ** 31 - 1;
/** The locale stored with a content, which is always the server's here. */
const LANGUAGE: Header = ['Content-Language', 'en'];

/** Responds to a request for the content of a node, as ContentStreamer does, header for header. @throws ApiError 404 */
export function contentReply(node: RepositoryNode, call: ApiCall): Reply {
  const since = parseModifiedSince(call.header('if-modified-since'));
  // Alfresco checks this first, so that even a download without content can be "not modified".
  if (since !== undefined && Math.floor(node.modifiedAt.getTime() / 1000) * 1000 <= since) {
    return { status: 304, headers: [...NO_CACHE_HEADERS] };
  }
  const { content } = node;
  if (content === undefined || content.missing === true) throw contentNotFound(node.id);

  const type: Header = ['Content-Type', `${content.mimeType};charset=UTF-8`];
  const common: Header[] = [...disposition(node, content, call), ['Accept-Ranges', 'bytes']];
  const request = {
    contentRange: call.header('content-range'),
    range: call.header('range'),
    userAgent: call.header('user-agent'),
  };
  const response = respondToRange(request, content.size, content.mimeType);
  switch (response.kind) {
    case 'whole':
      return {
        status: 200,
        headers: [type, ...common, ...wholeHeaders(node, content)],
        body: content.read(0, content.size),
        contentBytes: content.size,
      };
    case 'unsatisfiable':
      return {
        status: 416,
        headers: [
          type,
          ...common,
          ...NO_CACHE_HEADERS,
          ['Content-Range', '"*"'],
          LANGUAGE,
          ['Content-Length', content.size > MAX_INT ? '0' : String(content.size)],
        ],
      };
    default:
      return {
        status: 206,
        headers: [...common, ...NO_CACHE_HEADERS, LANGUAGE, ...partialHeaders(response, type)],
        body: readRanges(content, response.send),
        contentBytes: response.send.reduce(
          (sum, { start, end }) => sum + Math.max(0, Math.min(end + 1, content.size) - start),
          0,
        ),
      };
  }
}

function wholeHeaders(node: RepositoryNode, { size }: NodeContent): Header[] {
  return [
    ['Content-Range', `bytes 0-${size - 1}/${size}`],
    ['Content-Length', String(size)],
    ['ETag', `"${node.modifiedAt.getTime()}"`],
    ['Last-Modified', node.modifiedAt.toUTCString()],
    ['Cache-Control', ' max-age=0,  must-revalidate'],
    ['Expires', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['Pragma', 'no-cache'],
    LANGUAGE,
  ];
}

function partialHeaders(
  response: Extract<RangeResponse, { send: unknown }>,
  type: Header,
): Header[] {
  const length: Header = ['Content-Length', response.contentLength];
  return response.kind === 'single'
    ? [type, ['Content-Range', response.contentRange], length]
    : [['Content-Type', response.contentType], length];
}

function disposition(node: RepositoryNode, content: NodeContent, call: ApiCall): Header[] {
  const attachment = call.parameters.first('attachment') ?? 'true';
  if (attachment.toLowerCase() !== 'true' && NON_ATTACH_TYPES.has(content.mimeType)) return [];
  return [['Content-Disposition', contentDisposition(node.name ?? '', call.header('user-agent'))]];
}

/** Reads the bytes of the ranges that exist. */
async function* readRanges(
  content: NodeContent,
  ranges: readonly { start: number; end: number }[],
): AsyncGenerator<Buffer> {
  for (const { start, end } of ranges) {
    const stop = Math.min(end + 1, content.size);
    if (start < stop) yield* content.read(start, stop);
  }
}

function contentNotFound(id: string): ApiError {
  return new ApiError(404, API_DEFAULT, {
    summary: `Unable to locate content for node ref workspace://SpacesStore/${id} (property: {http://www.alfresco.org/model/content/1.0}content)`,
    cacheHeaders: true,
  });
}
