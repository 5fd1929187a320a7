import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { pathOf } from '../http/http-request.js';
import { PROBLEMS, PROBLEM_CODES, type ProblemCode } from './problem-catalogue.js';
import type { ProblemException } from './problem.exception.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** Injection token of the path below which each code has its page; a string. */
export const PROBLEM_PAGES = Symbol('PROBLEM_PAGES');

/** That path, under the prefix of the API: a proxy that passes on the API passes on the pages, too. */
export function problemPages(apiPrefix = ''): string {
  return apiPrefix === '' ? '/problems' : `/${apiPrefix}/problems`;
}

/**
 * `type` of a problem, which is the path of its page: `/problems/download-not-found`. A reference with a full path
 * (RFC 9457, section 3.1.1) leads there from every request, whatever host name the client uses.
 */
export function problemType(code: ProblemCode, pages = problemPages()): string {
  return `${pages}/${slugOf(code)}`;
}

const BY_NAME: ReadonlyMap<string, ProblemCode> = new Map(
  PROBLEM_CODES.flatMap((code) => [
    [code, code],
    [slugOf(code), code],
  ]),
);

/** The code with this name, `DOWNLOAD_NOT_FOUND` or `download-not-found`. */
export function codeNamed(name: string): ProblemCode | undefined {
  return BY_NAME.get(name);
}

function slugOf(code: ProblemCode): string {
  return code.toLowerCase().replaceAll('_', '-');
}

/** One invalid value of a request. */
@ApiSchema({ name: 'ProblemField' })
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

/** The error of Alfresco's own REST API, so that its clients can read a problem, too. */
@ApiSchema({ name: 'AlfrescoError' })
export class AlfrescoErrorDto {
  @ApiProperty({ description: 'The same as `code`.' })
  errorKey: string;

  @ApiProperty({ type: 'integer', description: 'The same as `status`.', example: 404 })
  statusCode: number;

  @ApiProperty({
    description: 'What is wrong: each of `errors` in words, else the same as `detail`.',
    example: 'nodeIds/1 repeats an earlier id',
  })
  briefSummary: string;

  @ApiProperty({ description: 'Always empty.', example: '' })
  stackTrace: string;

  @ApiProperty({ description: 'The same as `type`.' })
  descriptionURL: string;

  @ApiProperty({ description: 'The same as `requestId`.' })
  logId: string;
}

/** Problem details (RFC 9457), the body of every error response of this service. */
export class ProblemDocument {
  @ApiProperty({
    format: 'uri-reference',
    description: 'Address of a page about the code, relative to that of the request.',
    example: problemType('DOWNLOAD_NOT_FOUND'),
  })
  type: string;

  @ApiProperty({
    description: 'The same for every occurrence of the code.',
    example: PROBLEMS.DOWNLOAD_NOT_FOUND.title,
  })
  title: string;

  @ApiProperty({ type: 'integer', description: 'Of the response.', example: 404 })
  status: number;

  @ApiProperty({
    description: 'An explanation of this occurrence.',
    example: PROBLEMS.DOWNLOAD_NOT_FOUND.description,
  })
  detail: string;

  @ApiProperty({ description: 'Path of the request, without its query.' })
  instance: string;

  @ApiProperty({
    enum: [...PROBLEM_CODES],
    enumName: 'ProblemCode',
    example: 'DOWNLOAD_NOT_FOUND',
  })
  code: ProblemCode;

  @ApiProperty({
    description:
      'The X-Request-Id of the response; a failure of the service or of Alfresco is logged with it.',
  })
  requestId: string;

  @ApiProperty({
    required: false,
    type: [ProblemFieldDto],
    description: 'Each invalid value of the request.',
  })
  errors?: ProblemFieldDto[];

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'object' },
    description: 'Of the readiness probe only: the state of each dependency that it checks.',
  })
  details?: Record<string, object>;

  @ApiProperty({ type: AlfrescoErrorDto })
  error: AlfrescoErrorDto;
}

/**
 * @param request its `url` is the request target; the document does not repeat the query, which may hold secrets
 * @param pages path of the pages that `type` leads to, see `problemPages`
 */
export function toProblemDocument(
  problem: ProblemException,
  request: { readonly url: string; readonly id: string },
  pages?: string,
): ProblemDocument {
  const { code, title, detail, errors, extensions } = problem;
  const status = problem.getStatus();
  const type = problemType(code, pages);
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
      briefSummary: briefSummary(problem),
      stackTrace: '',
      descriptionURL: type,
      logId: request.id,
    },
  };
}

/** The only text that Alfresco's clients show. */
function briefSummary({ detail, errors = [] }: ProblemException): string {
  const sentences = errors.map((error) => {
    const name = error.parameter ?? error.pointer?.slice(1);
    return `${name || 'The body'} ${error.detail}`;
  });
  return sentences.join('; ') || detail;
}
