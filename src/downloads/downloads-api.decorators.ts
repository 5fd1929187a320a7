import {
  Controller,
  Param,
  type PipeTransform,
  UseFilters,
  UseGuards,
  applyDecorators,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
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

/** The id in the path of a route, as a parameter of a handler. */
export function DownloadId(): ParameterDecorator {
  return Param('id', NodeIdPipe);
}

/** @throws ProblemException INVALID_ID */
export class NodeIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (isNodeId(id)) return normalizeNodeId(id);
    throw new ProblemException('INVALID_ID', {
      errors: [{ parameter: 'id', detail: `must be ${NODE_ID_RULE}` }],
    });
  }
}
