import { ProblemException } from '../problems/problem.exception.js';
import {
  type AlfrescoError,
  type Answer,
  ForeignAnswerException,
  badResponse,
  errorOf,
} from './responses.js';

const ENTITY_NOT_FOUND = 'framework.exception.EntityNotFound';
const PERMISSION_DENIED = 'framework.exception.PermissionDenied';

/** In English, since requests ask for it (`permissions.err_read_only`). */
const READ_ONLY = /system is currently in read-only mode/;

/** Whether nothing may be changed at all; RetryingTransactionHelper refuses before anything is done. */
export function isReadOnly(answer: Answer): boolean {
  return answer.status === 403 && READ_ONLY.test(errorOf(answer)?.briefSummary ?? '');
}

/** What an unsuccessful answer to POST /downloads means to the caller, who asked for `nodeIds`. */
export function createRefusal(answer: Answer, nodeIds: readonly string[]): ProblemException {
  const error = errorOf(answer);
  if (error) {
    switch (answer.status) {
      case 400:
        return new ProblemException('VALIDATION_FAILED', {
          detail: 'Alfresco refused the list of nodes.',
          errors: [{ pointer: '/nodeIds', detail: 'were refused by Alfresco' }],
        });
      case 403:
        if (error.errorKey === PERMISSION_DENIED) return new ProblemException('NODE_FORBIDDEN');
        break;
      case 404:
        if (error.errorKey === ENTITY_NOT_FOUND) return nodeNotFound(error, nodeIds);
        break;
      case 412:
        return new ProblemException('CONTENT_ARCHIVED');
      case 422:
        return new ProblemException('NODE_NOT_ZIPPABLE');
    }
  }
  return serverProblem(answer);
}

/** What an unsuccessful answer about one download (or its node) means to the caller. */
export function downloadRefusal(answer: Answer): ProblemException {
  const error = errorOf(answer);
  if (error) {
    switch (answer.status) {
      case 400:
        return new ProblemException('NOT_A_DOWNLOAD');
      case 403:
        if (error.errorKey === PERMISSION_DENIED) return new ProblemException('FORBIDDEN');
        break;
      case 404:
        // `framework.exception.NotFound` is an unknown URL: ALFRESCO_URL points to something else.
        if (error.errorKey === ENTITY_NOT_FOUND) return new ProblemException('DOWNLOAD_NOT_FOUND');
        break;
    }
  }
  return serverProblem(answer);
}

/** An answer that is no fault of the caller. Alfresco's 401 is about this service's account, never the caller's. */
export function serverProblem(answer: Answer): ProblemException {
  const { status } = answer;
  if (status === 401) {
    return new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', {
      diagnosis: 'Alfresco status 401',
    });
  }
  if (isReadOnly(answer)) {
    return new ProblemException('ALFRESCO_READ_ONLY', { diagnosis: 'Alfresco is read-only' });
  }
  const speaksAlfresco = errorOf(answer) !== undefined;
  if (status >= 500 || (status >= 400 && speaksAlfresco)) {
    return new ProblemException('ALFRESCO_ERROR', { diagnosis: `Alfresco status ${status}` });
  }
  return speaksAlfresco ? badResponse(`status ${status}`) : new ForeignAnswerException(status);
}

/** Alfresco names the missing id in its text; only an id that the caller sent is ever repeated. */
function nodeNotFound(
  { briefSummary }: AlfrescoError,
  nodeIds: readonly string[],
): ProblemException {
  const named = /with id: (\S+) was not found/.exec(briefSummary)?.[1];
  const index = nodeIds.findIndex((id) => id === named);
  if (index < 0) return new ProblemException('NODE_NOT_FOUND');
  return new ProblemException('NODE_NOT_FOUND', {
    detail: `The node ${nodeIds[index]} does not exist.`,
    errors: [{ pointer: `/nodeIds/${index}`, detail: 'does not exist' }],
  });
}
