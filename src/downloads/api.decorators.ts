import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { NODE_ID_PATTERN } from '../alfresco/node-id.js';
import { ApiProblems, textHeader } from '../docs/api-problems.decorator.js';
import { EXAMPLES } from '../docs/examples.js';

const VALIDATORS = {
  ETag: textHeader('Strong entity tag of the ZIP.'),
  'Last-Modified': textHeader('When the download node last changed.'),
  'Cache-Control': textHeader('`private, no-cache`'),
};

const CONTENT_HEADERS = {
  ...VALIDATORS,
  'Content-Length': { description: 'Bytes of the body.', schema: { type: 'integer' as const } },
  'Content-Disposition': textHeader('Name of the archive (RFC 6266).'),
  'Accept-Ranges': textHeader('`bytes`'),
};

/** A body that is a ZIP. */
export const ZIP = {
  'application/zip': { schema: { type: 'string', format: 'binary' } },
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

/** The `fields` parameter. */
export function ApiFields(): MethodDecorator {
  return ApiQuery({
    name: 'fields',
    required: false,
    description:
      'Comma-separated names of the members wanted in `entry`; unknown names are ignored.',
    schema: { type: 'string', example: 'id,status,filesAdded,bytesAdded,totalFiles,totalBytes' },
  });
}

/** GET and HEAD of the ZIP, which differ in nothing but the body. */
export function ApiContent(operationId: string, summary: string): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId,
      summary,
      description:
        'Streams the ZIP as soon as the download is DONE. Single byte ranges, `If-Range` and the conditional ' +
        'headers work as in RFC 9110, so that a broken transfer can be resumed; several ranges get the whole ZIP.',
    }),
    ApiId(),
    ...['Range', 'If-Range', 'If-None-Match', 'If-Match'].map((name) =>
      ApiHeader({
        name,
        required: false,
        schema: { type: 'string' },
        description: `RFC 9110, ${name}.`,
      }),
    ),
    ApiResponse({
      status: 200,
      description: 'The whole ZIP.',
      headers: CONTENT_HEADERS,
      content: ZIP,
    }),
    ApiResponse({
      status: 206,
      description: 'The requested range (GET only).',
      headers: { ...CONTENT_HEADERS, 'Content-Range': textHeader('`bytes first-last/size`') },
      content: ZIP,
    }),
    ApiResponse({ status: 304, description: 'The caller’s copy is current.', headers: VALIDATORS }),
    ApiProblems(
      'INVALID_ID',
      'NOT_A_DOWNLOAD',
      'FORBIDDEN',
      'LINK_INVALID',
      'DOWNLOAD_NOT_FOUND',
      'CONTENT_NOT_READY',
      'PRECONDITION_FAILED',
      'RANGE_NOT_SATISFIABLE',
      'STORE_UNAVAILABLE',
    ),
  );
}
