import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
} from '@nestjs/swagger';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { DOWNLOAD_EXAMPLES, EXAMPLES } from '../docs/examples.js';
import { ApiFields, ApiId } from './api.decorators.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import { DirectAccessUrlEntry } from './dto/direct-access-url.dto.js';
import { DownloadListEnvelope } from './dto/download-list.dto.js';
import { DownloadEntry } from './dto/download.dto.js';
import { MAX_ITEMS, SKIP_COUNT } from './paging.js';

/** POST /downloads. */
export function ApiCreateDownload(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'createDownload',
      summary: 'Start a ZIP of nodes',
      description:
        'Alfresco makes the ZIP in the background; poll the address in `Location` until `status` is final. ' +
        'What may not be read below a requested folder is silently left out. Without an `Idempotency-Key` every call makes a new ZIP.',
    }),
    ApiFields(),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      schema: { type: 'string', maxLength: 255 },
      description:
        'Makes the request safe to repeat: the same caller gets the same download for the same key and nodes.',
    }),
    ApiBody({
      type: CreateDownloadDto,
      examples: {
        folder: { summary: 'A folder of the demo', value: { nodeIds: EXAMPLES.nodeIds } },
      },
    }),
    ApiAcceptedResponse({
      type: DownloadEntry,
      description: 'The ZIP has been asked for.',
      example: DOWNLOAD_EXAMPLES.pending,
      headers: {
        Location: { description: 'Path of the download.', schema: { type: 'string' } },
        'Retry-After': {
          description: 'Seconds until it is worth asking.',
          schema: { type: 'integer' },
        },
      },
    }),
    ApiProblems(
      'VALIDATION_FAILED',
      'MALFORMED_BODY',
      'ORIGIN_FORBIDDEN',
      'NODE_FORBIDDEN',
      'NODE_NOT_FOUND',
      'IDEMPOTENCY_KEY_IN_USE',
      'CONTENT_ARCHIVED',
      'BODY_TOO_LARGE',
      'TOO_MANY_NODES',
      'UNSUPPORTED_MEDIA_TYPE',
      'NODE_NOT_ZIPPABLE',
      'IDEMPOTENCY_KEY_REUSED',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ),
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
    ApiQuery({ name: 'skipCount', required: false, schema: { ...SKIP_COUNT, type: 'integer' } }),
    ApiQuery({ name: 'maxItems', required: false, schema: { ...MAX_ITEMS, type: 'integer' } }),
    ApiFields(),
    ApiOkResponse({
      type: DownloadListEnvelope,
      description: 'A page of the list.',
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
        'DONE with `filesAdded` below `totalFiles` is possible: a file without content is left out.',
    }),
    ApiId(),
    ApiFields(),
    ApiOkResponse({
      description: 'The download as it is now.',
      headers: {
        'Retry-After': {
          description: 'Seconds until it is worth asking again; only while the status can change.',
          schema: { type: 'integer' },
        },
      },
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/DownloadEntry' },
          examples: {
            running: { summary: 'Being made', value: DOWNLOAD_EXAMPLES.inProgress },
            done: { summary: 'Finished', value: DOWNLOAD_EXAMPLES.done },
          },
        },
      },
    }),
    ApiProblems(
      'INVALID_ID',
      'NOT_A_DOWNLOAD',
      'FORBIDDEN',
      'DOWNLOAD_NOT_FOUND',
      'STORE_UNAVAILABLE',
    ),
  );
}

/** DELETE /downloads/{id}. */
export function ApiCancelDownload(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'cancelDownload',
      summary: 'Cancel a download',
      description:
        'Asks Alfresco to stop. The job looks at this only when it reports progress, so a small or nearly finished ZIP still ends DONE. ' +
        'The node stays until it is removed with DELETE /nodes/{id} or by Alfresco’s own clean-up. May be repeated.',
    }),
    ApiId(),
    ApiAcceptedResponse({ description: 'The cancellation has been asked for.' }),
    ApiProblems(
      'INVALID_ID',
      'NOT_A_DOWNLOAD',
      'FORBIDDEN',
      'ORIGIN_FORBIDDEN',
      'DOWNLOAD_NOT_FOUND',
      'STORE_UNAVAILABLE',
    ),
  );
}

/** POST /downloads/{id}/request-direct-access-url. */
export function ApiRequestLink(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'requestDirectAccessUrl',
      summary: 'Make a link that needs no credentials',
      description:
        'For a plain `<a href>`: the answer holds an address of the content that works without a header until it expires ' +
        '(LINK_TTL). It is good for this download only, as the caller who asked for it.',
    }),
    ApiId(),
    ApiOkResponse({ type: DirectAccessUrlEntry, description: 'The link.' }),
    ApiProblems(
      'INVALID_ID',
      'MALFORMED_REQUEST',
      'FORBIDDEN',
      'ORIGIN_FORBIDDEN',
      'DOWNLOAD_NOT_FOUND',
      'STORE_UNAVAILABLE',
    ),
  );
}
