import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { NODE_ID_PATTERN } from '../alfresco/alfresco-api.js';
import { ApiProblems } from '../openapi/api-problems.decorators.js';
import { DOWNLOAD_EXAMPLES, EXAMPLES, LINK_EXAMPLE, NODE_EXAMPLE } from '../openapi/examples.js';
import { NOT_KEPT, headers, textHeader } from '../openapi/headers.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import { DirectAccessUrlBodyDto, DirectAccessUrlEntry } from './dto/direct-access-url.dto.js';
import { DownloadListEnvelope } from './dto/download-list.dto.js';
import { DownloadEntry } from './dto/download.dto.js';
import { IDEMPOTENCY_KEY_PATTERN } from './idempotency.service.js';
import type { ProblemCode } from '../problems/problem-catalogue.js';
import { NodeEntry } from './dto/node.dto.js';
import { CancelQuery, DownloadQuery, ListQuery, NodeQuery } from './dto/queries.dto.js';
import { LONGEST_WAIT } from '../http/http-request.js';

/** Of every route with an id in its path. */
export const ID_PROBLEMS: readonly ProblemCode[] = [
  'INVALID_ID',
  'NOT_A_DOWNLOAD',
  'FORBIDDEN',
  'DOWNLOAD_NOT_FOUND',
  'STORE_UNAVAILABLE',
];

/** `Retry-After` only while the status can change. */
const ENTRY_HEADERS = { ...NOT_KEPT, ...headers('Retry-After', 'Preference-Applied') };

const STATE_HEADERS = {
  ETag: textHeader('Names this state of the download.', '"IN_PROGRESS.1.10240000.3.20971533"'),
  ...ENTRY_HEADERS,
};

/** The id in the path. */
export function ApiId(): MethodDecorator {
  return ApiParam({
    name: 'id',
    description: 'Id of the download, as POST /downloads gave it.',
    schema: {
      type: 'string',
      pattern: NODE_ID_PATTERN,
      minLength: 1,
      maxLength: 36,
      example: EXAMPLES.downloadId,
    },
  });
}

/** What can be done with the id that a response holds, under the names of the operations. */
const LINKS = Object.fromEntries(
  [
    ['getDownload', 'Look at it.'],
    ['watchDownload', 'Watch it.'],
    ['getDownloadContent', 'Save the ZIP, once the download is DONE.'],
    ['requestDirectAccessUrl', 'Make a link to the ZIP that needs no credentials.'],
    ['cancelDownload', 'Cancel it.'],
    ['deleteNode', 'Remove it.'],
  ].map(([operationId, description]) => [
    operationId,
    { operationId, description, parameters: { id: '$response.body#/entry/id' } },
  ]),
);

/** The `Prefer` header. */
function ApiPrefer(until: string): MethodDecorator {
  return ApiHeader({
    name: 'Prefer',
    required: false,
    schema: { type: 'string' },
    description: `\`wait=N\` (RFC 7240): respond when ${until}, or after N seconds; at most ${LONGEST_WAIT}.`,
  });
}

/** Of every route that starts a download. */
export const CREATION_PROBLEMS: readonly ProblemCode[] = [
  'VALIDATION_FAILED',
  'MALFORMED_BODY',
  'ORIGIN_FORBIDDEN',
  'NODE_FORBIDDEN',
  'NODE_NOT_FOUND',
  'CONTENT_ARCHIVED',
  'BODY_TOO_LARGE',
  'TOO_MANY_NODES',
  'UNSUPPORTED_MEDIA_TYPE',
  'NODE_NOT_ZIPPABLE',
  'ALFRESCO_READ_ONLY',
  'STORE_UNAVAILABLE',
];

/** The body of a request for a ZIP. */
export function ApiNodeIds(): MethodDecorator {
  return ApiBody({
    type: CreateDownloadDto,
    examples: {
      folder: { summary: 'A folder of the demo', value: { nodeIds: EXAMPLES.nodeIds } },
    },
  });
}

/** POST /downloads. */
export function ApiCreateDownload(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'createDownload',
      summary: 'Start a ZIP of nodes',
      description:
        'Alfresco makes the ZIP in the background; watch the address in `Location`, or its `/events`, until `status` is final. ' +
        'With `Prefer: wait=N` the response waits for that, at most N seconds. ' +
        'What may not be read below a requested folder is silently left out. Without an `Idempotency-Key` every call makes a new ZIP.',
    }),
    ApiQuery({ type: DownloadQuery }),
    ApiPrefer('the ZIP is finished'),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      schema: { type: 'string', pattern: IDEMPOTENCY_KEY_PATTERN },
      description:
        'Makes the request safe to repeat: the same caller gets the same download for the same key and nodes. ' +
        '1 to 255 visible ASCII characters, in double quotes or bare.',
    }),
    ApiNodeIds(),
    ApiAcceptedResponse({
      type: DownloadEntry,
      description: 'The ZIP has been asked for.',
      example: DOWNLOAD_EXAMPLES.pending,
      headers: {
        Location: textHeader('Path of the download.', `/downloads/${EXAMPLES.downloadId}`),
        ...ENTRY_HEADERS,
      },
      links: LINKS,
    }),
    ApiProblems(...CREATION_PROBLEMS, 'IDEMPOTENCY_KEY_IN_USE', 'IDEMPOTENCY_KEY_REUSED'),
  );
}

/** GET /downloads. */
export function ApiListDownloads(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'listDownloads',
      summary: 'List own downloads',
      description:
        'The downloads that the caller has made, newest first, each as it is now. Those that Alfresco has removed are left out.',
    }),
    ApiQuery({ type: ListQuery }),
    ApiOkResponse({
      type: DownloadListEnvelope,
      description: 'A page of the list. `Retry-After` while a status on it can change.',
      headers: { ...NOT_KEPT, ...headers('Retry-After') },
      example: DOWNLOAD_EXAMPLES.list,
    }),
    ApiProblems('VALIDATION_FAILED', 'STORE_UNAVAILABLE'),
  );
}

/** GET /downloads/{id}. */
export function ApiGetDownload(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'getDownload',
      summary: 'Look at a download',
      description:
        'Progress of the ZIP. Final are DONE, CANCELLED and MAX_CONTENT_SIZE_EXCEEDED; until then `Retry-After` is sent. ' +
        'With `Prefer: wait=N` the response waits for a change, of what `If-None-Match` names or else of what it is now, at most N seconds. ' +
        'DONE with `filesAdded` below `totalFiles` is possible: a file without content is left out.',
    }),
    ApiId(),
    ApiQuery({ type: DownloadQuery }),
    ApiPrefer('something changes'),
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      schema: { type: 'string' },
      description: 'The `ETag` of an earlier response: 304 as long as it still holds.',
    }),
    ApiOkResponse({
      description: 'The download as it is now.',
      headers: STATE_HEADERS,
      links: LINKS,
      content: {
        'application/json': {
          schema: { $ref: getSchemaPath(DownloadEntry) },
          examples: {
            running: { summary: 'Being made', value: DOWNLOAD_EXAMPLES.inProgress },
            done: { summary: 'Finished', value: DOWNLOAD_EXAMPLES.done },
          },
        },
      },
    }),
    ApiResponse({
      status: 304,
      description: 'The caller’s copy is current.',
      headers: STATE_HEADERS,
    }),
    ApiProblems(...ID_PROBLEMS),
  );
}

/** DELETE /downloads/{id}. */
export function ApiCancelDownload(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'cancelDownload',
      summary: 'Cancel a download',
      description:
        'Asks Alfresco to stop. The job looks at this only when it reports progress, so a small or nearly finished ZIP, and one of ' +
        'empty folders, still ends DONE. ' +
        'The node stays until it is removed, with `purge=true`, with DELETE /nodes/{id} or by Alfresco’s own clean-up. May be repeated.',
    }),
    ApiId(),
    ApiQuery({ type: CancelQuery }),
    ApiAcceptedResponse({ description: 'The cancellation has been asked for.' }),
    ApiNoContentResponse({ description: 'With `purge=true`: there is no such download any more.' }),
    ApiProblems('VALIDATION_FAILED', 'ALFRESCO_READ_ONLY', ...ID_PROBLEMS, 'ORIGIN_FORBIDDEN'),
  );
}

/** POST /downloads/{id}/request-direct-access-url. */
export function ApiRequestLink(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'requestDirectAccessUrl',
      summary: 'Make a link that needs no credentials',
      description:
        'For a plain `<a href>`: the response holds an address of the content that works without a header until it expires ' +
        '(`validFor`, at most LINK_TTL). It is good for this download only, as the caller who asked for it.',
    }),
    ApiId(),
    ApiBody({
      required: false,
      type: DirectAccessUrlBodyDto,
      examples: {
        named: { summary: 'With a name of its own', value: { fileName: 'Projects 2026.zip' } },
        short: { summary: 'For a minute', value: { validFor: 60 } },
      },
    }),
    ApiOkResponse({
      type: DirectAccessUrlEntry,
      description: 'The link.',
      example: LINK_EXAMPLE,
    }),
    ApiProblems(
      'VALIDATION_FAILED',
      'INVALID_ID',
      'MALFORMED_BODY',
      'MALFORMED_REQUEST',
      'FORBIDDEN',
      'ORIGIN_FORBIDDEN',
      'DOWNLOAD_NOT_FOUND',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'STORE_UNAVAILABLE',
    ),
  );
}

/** GET /nodes/{id}. */
export function ApiGetNode(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'getNode',
      summary: 'Look up the node of a download',
      description:
        'Alfresco’s entry of the download node, which tells the name of the ZIP and, once it is DONE, its size. Nodes that this ' +
        'service did not make are not found. Alfresco’s other parameters, such as `include`, are ignored.',
    }),
    ApiId(),
    ApiQuery({ type: NodeQuery }),
    ApiOkResponse({
      type: NodeEntry,
      description: 'The node.',
      headers: NOT_KEPT,
      example: NODE_EXAMPLE,
    }),
    ApiProblems(...ID_PROBLEMS),
  );
}

/** DELETE /nodes/{id}. */
export function ApiDeleteNode(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'deleteNode',
      summary: 'Remove a download and its ZIP',
      description:
        'Removes the download node for good, in every state. One whose job still runs is cancelled first, and removed once the job ' +
        'has stopped; the response waits for that no longer than ALFRESCO_TIMEOUT_MS. Nodes that this service did not make are not ' +
        'found.',
    }),
    ApiId(),
    ApiNoContentResponse({ description: 'The download is gone.' }),
    ApiProblems('ALFRESCO_READ_ONLY', ...ID_PROBLEMS, 'ORIGIN_FORBIDDEN'),
  );
}
