import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { NODE_ID_PATTERN } from '../alfresco/node-id.js';
import { ApiHeadProblems, ApiProblems } from '../openapi/api-problems.decorators.js';
import { EXAMPLES } from '../openapi/examples.js';
import { headers, textHeader } from '../openapi/headers.js';
import type { ProblemCode } from '../problems/problem-catalogue.js';
import { ZIP_TYPE } from './content/archive-name.js';
import { ContentQuery } from './dto/queries.dto.js';

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
  'INVALID_ID',
  'NOT_A_DOWNLOAD',
  'FORBIDDEN',
  'DOWNLOAD_NOT_FOUND',
  'CONTENT_NOT_READY',
  'PRECONDITION_FAILED',
  'STORE_UNAVAILABLE',
];

/** A body that is a ZIP. */
export const ZIP = {
  [ZIP_TYPE]: {
    schema: { type: 'string', format: 'binary' },
    example: '(the bytes of the ZIP)',
  },
} as const;

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
