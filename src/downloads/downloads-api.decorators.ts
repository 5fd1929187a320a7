import {
  Controller,
  type ExecutionContext,
  UseFilters,
  UseGuards,
  applyDecorators,
  createParamDecorator,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NODE_ID_RULE, isNodeId, normalizeNodeId } from '../alfresco/alfresco-api.js';
import { CallerGuard } from '../auth/caller.guard.js';
import { ProblemException } from '../problems/problem.exception.js';
import { ProblemFilter } from '../problems/problem.filter.js';

/**
 * A controller of the API. It brings its guard and its filter along: in an application that embeds the API, the global ones
 * are the application's own.
 */
export function DownloadsApi(path: 'downloads' | 'nodes'): ClassDecorator {
  return applyDecorators(
    Controller(path),
    ApiTags(path),
    UseGuards(CallerGuard),
    UseFilters(ProblemFilter),
  );
}

/**
 * The id in the path of a route, as a parameter of a handler. Not `@Param()` with a pipe, for which Nest makes ten promises at
 * each request.
 */
export const DownloadId = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { params } = context
    .switchToHttp()
    .getRequest<FastifyRequest<{ Params: { id: string } }>>();
  return toNodeId(params.id);
});

/** @throws ProblemException INVALID_ID */
export function toNodeId(id: string): string {
  if (isNodeId(id)) return normalizeNodeId(id);
  throw new ProblemException('INVALID_ID', {
    errors: [{ parameter: 'id', detail: `must be ${NODE_ID_RULE}` }],
  });
}
