import { ApiProperty } from '@nestjs/swagger';
import { pathOf } from '../http/request-target.js';
import { PROBLEMS, type ProblemCode } from './problem.catalogue.js';
import type { ProblemException } from './problem.exception.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** Prefix of `type`. The URI names the problem; it is not meant to be fetched. */
const TYPE_BASE = 'https://alfresco-downloads-bff.example/problems/';

/** One wrong value of a request. */
export class ProblemFieldDto {
  @ApiProperty({
    required: false,
    description: 'JSON pointer into the body.',
    example: '/nodeIds/3',
  })
  pointer?: string;

  @ApiProperty({ required: false, description: 'Name of a path or query parameter.' })
  parameter?: string;

  @ApiProperty({ description: 'What is wrong with it.' })
  detail: string;
}

/** The error shape of Alfresco's own REST API, so that its clients can read a problem, too. */
export class AlfrescoErrorDto {
  @ApiProperty({ description: 'The same as `code`.' })
  errorKey: string;

  @ApiProperty({ example: 404 })
  statusCode: number;

  @ApiProperty({ description: 'The same as `detail`.' })
  briefSummary: string;

  @ApiProperty({ description: 'Always empty.', example: '' })
  stackTrace: string;

  @ApiProperty({ description: 'The same as `type`.' })
  descriptionURL: string;

  @ApiProperty({ description: 'The same as `requestId`.' })
  logId: string;
}

/** Problem details (RFC 9457), the body of every error of this service. */
export class ProblemDocument {
  @ApiProperty({ format: 'uri', example: `${TYPE_BASE}download-not-found` })
  type: string;

  @ApiProperty({ example: PROBLEMS.DOWNLOAD_NOT_FOUND.title })
  title: string;

  @ApiProperty({ example: 404 })
  status: number;

  @ApiProperty({ example: PROBLEMS.DOWNLOAD_NOT_FOUND.description })
  detail: string;

  @ApiProperty({ description: 'Path of the request, without its query.' })
  instance: string;

  @ApiProperty({
    enum: Object.keys(PROBLEMS),
    enumName: 'ProblemCode',
    example: 'DOWNLOAD_NOT_FOUND',
  })
  code: ProblemCode;

  @ApiProperty({
    description:
      'The X-Request-Id of the answer; a failure of the service or of Alfresco is logged with it.',
  })
  requestId: string;

  @ApiProperty({ required: false, type: [ProblemFieldDto] })
  errors?: ProblemFieldDto[];

  @ApiProperty({ type: AlfrescoErrorDto })
  error: AlfrescoErrorDto;
}

/** `DOWNLOAD_NOT_FOUND` is named `…/problems/download-not-found`. */
export function problemType(code: ProblemCode): string {
  return TYPE_BASE + code.toLowerCase().replaceAll('_', '-');
}

/** Builds the document that a caller sees. `url` is the request target; its query is left out. */
export function toProblemDocument(
  problem: ProblemException,
  request: { readonly url: string; readonly id: string },
): ProblemDocument {
  const { code, title, status, detail, errors, extensions } = problem;
  const type = problemType(code);
  return {
    type,
    title,
    status,
    detail,
    instance: pathOf(request.url),
    code,
    requestId: request.id,
    ...(errors && { errors: [...errors] }),
    ...extensions,
    error: {
      errorKey: code,
      statusCode: status,
      briefSummary: detail,
      stackTrace: '',
      descriptionURL: type,
      logId: request.id,
    },
  };
}
