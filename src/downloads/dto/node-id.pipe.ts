import { Injectable, type PipeTransform } from '@nestjs/common';
import { NODE_ID_RULE, isNodeId, normalizeNodeId } from '../../alfresco/node-id.js';
import { ProblemException } from '../../problems/problem.exception.js';

/** An id in a path. @throws ProblemException INVALID_ID */
@Injectable()
export class NodeIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!isNodeId(id)) {
      throw new ProblemException('INVALID_ID', {
        errors: [{ parameter: 'id', detail: `must be ${NODE_ID_RULE}` }],
      });
    }
    return normalizeNodeId(id);
  }
}
