import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { ApiHeadProblems, ApiProblems } from '../../openapi/api-problems.decorators.js';
import { NOT_KEPT, headers, textHeader } from '../../openapi/headers.js';
import type { ProblemCode } from '../../problems/problem-catalogue.js';
import { ContentQuery } from '../dto/queries.dto.js';
import { ApiId, ApiNodeIds, CREATION_PROBLEMS, ID_PROBLEMS } from '../openapi.decorators.js';
import { ZIP_TYPE } from './archive-name.js';

const VALIDATORS = {
  ETag: textHeader('Strong entity tag of the ZIP.', '"1764032411000"'),
  'Cache-Control': textHeader('The caller may keep it, and has to ask.', 'private, no-cache'),
  ...headers('Last-Modified'),
};

const CONTENT_HEADERS = {
  ...VALIDATORS,
  ...headers('Content-Length', 'Content-Disposition', 'Accept-Ranges'),
};

const CONTENT_PROBLEMS: readonly ProblemCode[] = [
  'VALIDATION_FAILED',
  ...ID_PROBLEMS,
  'CONTENT_NOT_READY',
  'PRECONDITION_FAILED',
];

/** A body that is a ZIP. */
const ZIP = {
  [ZIP_TYPE]: {
    schema: { type: 'string', format: 'binary' },
    example: '(the bytes of the ZIP)',
  },
} as const;

/** GET of the ZIP. */
export function ApiGetContent(
  operationId: string,
  summary: string,
  ...problems: readonly ProblemCode[]
): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId,
      summary,
      description:
        'Streams the ZIP as soon as the download is DONE. Single byte ranges, `If-Range` and the conditional ' +
        'headers work as in RFC 9110, so that a broken transfer can be resumed; several ranges get the whole ZIP.',
    }),
    ApiId(),
    ApiQuery({ type: ContentQuery }),
    ApiHeaderOf('Range', 'Part of the ZIP that is wanted: `bytes=1000-` (RFC 9110, 14.2).'),
    ApiHeaderOf('If-Range', '`ETag` of the part that is there: another ZIP is sent whole.'),
    ...conditions(),
    ApiResponse({
      status: 200,
      description: 'The whole ZIP.',
      headers: CONTENT_HEADERS,
      content: ZIP,
    }),
    ApiResponse({
      status: 206,
      description: 'The requested range.',
      headers: {
        ...CONTENT_HEADERS,
        'Content-Range': textHeader('Which part it is.', 'bytes 1000-20003104/20003105'),
      },
      content: ZIP,
    }),
    notModified(),
    ApiProblems(...CONTENT_PROBLEMS, 'RANGE_NOT_SATISFIABLE', ...problems),
  );
}

/** HEAD of the ZIP. */
export function ApiHeadContent(
  operationId: string,
  summary: string,
  ...problems: readonly ProblemCode[]
): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId,
      summary,
      description: 'The headers of GET, without the ZIP; Alfresco need not read it for that.',
    }),
    ApiId(),
    ApiQuery({ type: ContentQuery }),
    ...conditions(),
    ApiResponse({ status: 200, description: 'There is a ZIP.', headers: CONTENT_HEADERS }),
    notModified(),
    ApiHeadProblems(...CONTENT_PROBLEMS, ...problems),
  );
}

/** POST /downloads/content. */
export function ApiDeliverContent(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'deliverContent',
      summary: 'Get a ZIP of nodes in one call',
      description:
        'Makes a download, waits for it, responds with its ZIP, and removes it; also when the client disconnects. Takes as long as ' +
        'Alfresco needs, without a byte until then. The ZIP can be had once: no ranges, no conditions, and no `Idempotency-Key`. ' +
        'What may not be read below a requested folder is silently left out.',
    }),
    ApiNodeIds(),
    ApiOkResponse({
      description: 'The ZIP.',
      headers: {
        ...NOT_KEPT,
        ...headers('Content-Length', 'Content-Disposition'),
        'Accept-Ranges': textHeader('It can be fetched only once.', 'none'),
      },
      content: ZIP,
    }),
    ApiProblems(...CREATION_PROBLEMS, 'DOWNLOAD_NOT_FOUND', 'CONTENT_NOT_READY'),
  );
}

function ApiHeaderOf(name: string, description: string): MethodDecorator {
  return ApiHeader({ name, required: false, schema: { type: 'string' }, description });
}

function conditions(): MethodDecorator[] {
  return [
    ApiHeaderOf('If-None-Match', '`ETag` of a copy: 304 as long as it is current.'),
    ApiHeaderOf('If-Match', '`ETag` of a copy: 412 when it is not current any more.'),
    ApiHeaderOf('If-Modified-Since', '`Last-Modified` of a copy; `If-None-Match` is more exact.'),
    ApiHeaderOf('If-Unmodified-Since', '`Last-Modified` of a copy; `If-Match` is more exact.'),
  ];
}

function notModified(): MethodDecorator {
  return ApiResponse({
    status: 304,
    description: 'The caller’s copy is current.',
    headers: VALIDATORS,
  });
}
