import { toProblemDocument } from '../problems/problem-document.js';
import type { ProblemException } from '../problems/problem.exception.js';
import {
  type AlfrescoResponse,
  creationProblem,
  downloadProblem,
  serverProblem,
} from './responses.js';

const A = 'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c';
const B = 'cffa62db-aa01-493d-9594-058bc058eeb1';
const FOREIGN = '11111111-2222-3333-4444-555555555555';

const NOT_FOUND = 'framework.exception.EntityNotFound';
const DENIED = 'framework.exception.PermissionDenied';
const API_DEFAULT = 'framework.exception.ApiDefault';
const ARCHIVED = 'framework.exception.ArchivedContent';
const UNKNOWN_URL = 'framework.exception.NotFound';
const READ_ONLY = '10240009 Access Denied.  The system is currently in read-only mode.';

/** An error in Alfresco's envelope. */
function alfresco(statusCode: number, errorKey: string, briefSummary?: string): AlfrescoResponse {
  const error = {
    errorKey,
    statusCode,
    briefSummary,
    stackTrace: 'For security reasons the stack trace is no longer displayed.',
    descriptionURL: 'https://api-explorer.alfresco.com',
    logId: '0b9b3c3e-0c5e-4a0e-9f2b-6c1a4e1d7f10',
  };
  return { status: statusCode, body: { error } };
}

/** Everything of a problem that leaves the service. */
function shown(problem: ProblemException): string {
  return JSON.stringify([
    toProblemDocument(problem, { url: '/downloads', id: 'r' }),
    problem.headers,
  ]);
}

describe('a rejected POST /downloads', () => {
  it.each<[string, AlfrescoResponse, string, number]>([
    [
      'a list that Alfresco does not take',
      alfresco(400, 'Missing nodeId'),
      'VALIDATION_FAILED',
      400,
    ],
    [
      'a node that may not be read',
      alfresco(403, DENIED, '10240004 Permission was denied'),
      'NODE_FORBIDDEN',
      403,
    ],
    [
      'a node that does not exist',
      alfresco(404, NOT_FOUND, 'in another language'),
      'NODE_NOT_FOUND',
      404,
    ],
    ['content in cold storage', alfresco(412, ARCHIVED), 'CONTENT_ARCHIVED', 412],
    ['a node that is no file and no folder', alfresco(422, API_DEFAULT), 'NODE_NOT_ZIPPABLE', 422],
    ['a 403 of another kind', alfresco(403, API_DEFAULT), 'ALFRESCO_ERROR', 502],
    ['a read-only repository', alfresco(403, API_DEFAULT, READ_ONLY), 'ALFRESCO_READ_ONLY', 503],
    ['an ALFRESCO_URL that leads elsewhere', alfresco(404, UNKNOWN_URL), 'ALFRESCO_ERROR', 502],
    ['a method that Alfresco does not take', alfresco(405, 'Only 1 entity'), 'ALFRESCO_ERROR', 502],
    ['an error of Alfresco', alfresco(500, API_DEFAULT), 'ALFRESCO_ERROR', 502],
  ])('names %s', (_what, response, code, status) => {
    expect(creationProblem(response, [A])).toMatchObject({ code, status });
  });

  it('points to the list when Alfresco does not take it', () => {
    const { errors } = creationProblem(alfresco(400, 'Missing nodeId'), [A]);
    expect(errors).toEqual([{ pointer: '/nodeIds', detail: expect.any(String) }]);
  });

  it('points to the node that does not exist', () => {
    const summary = `10240007 The entity with id: ${B} was not found`;
    const problem = creationProblem(alfresco(404, NOT_FOUND, summary), [A, B]);
    expect(problem.detail).toContain(B);
    expect(problem.errors).toEqual([{ pointer: '/nodeIds/1', detail: 'does not exist' }]);
  });

  it.each([
    ['an id that the caller did not send', `The entity with id: ${FOREIGN} was not found`],
    ['an id that only starts like the caller’s', `The entity with id: ${A}x was not found`],
    ['no id', 'The entity was not found'],
    ['nothing', undefined],
  ])('points nowhere when Alfresco names %s', (_what, summary) => {
    const problem = creationProblem(alfresco(404, NOT_FOUND, summary), [A, B]);
    expect(problem.code).toBe('NODE_NOT_FOUND');
    expect(problem.errors).toBeUndefined();
    expect(shown(problem)).not.toContain(FOREIGN);
  });

  it.each([400, 403, 404, 412, 422])(
    'is no fault of the caller when the %i is not in the form of Alfresco',
    (status) => {
      for (const body of [undefined, {}, { error: 'x' }, { error: { statusCode: '404' } }]) {
        expect(creationProblem({ status, body }, [A]).code).toBe('ALFRESCO_BAD_RESPONSE');
      }
    },
  );
});

describe('an error about one download', () => {
  it.each<[string, AlfrescoResponse, string, number]>([
    [
      'a node of another type',
      alfresco(400, 'Please specify the nodeId of a download node.'),
      'NOT_A_DOWNLOAD',
      400,
    ],
    ['a download of someone else', alfresco(403, DENIED), 'FORBIDDEN', 403],
    ['a download that does not exist', alfresco(404, NOT_FOUND), 'DOWNLOAD_NOT_FOUND', 404],
    ['a 403 of another kind', alfresco(403, API_DEFAULT), 'ALFRESCO_ERROR', 502],
    ['a read-only repository', alfresco(403, API_DEFAULT, READ_ONLY), 'ALFRESCO_READ_ONLY', 503],
    ['an ALFRESCO_URL that leads elsewhere', alfresco(404, UNKNOWN_URL), 'ALFRESCO_ERROR', 502],
    ['a locked node', alfresco(409, API_DEFAULT), 'ALFRESCO_ERROR', 502],
    ['an error of Alfresco', alfresco(500, API_DEFAULT), 'ALFRESCO_ERROR', 502],
  ])('names %s', (_what, response, code, status) => {
    expect(downloadProblem(response)).toMatchObject({ code, status });
  });

  it.each([400, 403, 404])(
    'is no fault of the caller when the %i is not in the form of Alfresco',
    (status) => {
      expect(downloadProblem({ status, body: undefined }).code).toBe('ALFRESCO_BAD_RESPONSE');
    },
  );
});

describe('a response that is not the fault of the caller', () => {
  it.each<[string, AlfrescoResponse, string]>([
    [
      'a 401, which is about the account of this service',
      alfresco(401, API_DEFAULT),
      'ALFRESCO_CREDENTIALS_REJECTED',
    ],
    ['a 401 without a body', { status: 401, body: undefined }, 'ALFRESCO_CREDENTIALS_REJECTED'],
    ['a 500 of Alfresco', alfresco(500, API_DEFAULT), 'ALFRESCO_ERROR'],
    ['a 500 in HTML', { status: 500, body: undefined }, 'ALFRESCO_ERROR'],
    ['a 503 of a proxy', { status: 503, body: undefined }, 'ALFRESCO_ERROR'],
    ['a redirect', { status: 302, body: undefined }, 'ALFRESCO_BAD_RESPONSE'],
    ['a 200 where none is documented', { status: 200, body: {} }, 'ALFRESCO_BAD_RESPONSE'],
    ['a 404 in HTML', { status: 404, body: undefined }, 'ALFRESCO_BAD_RESPONSE'],
  ])('is a 502 for %s', (_what, response, code) => {
    expect(serverProblem(response)).toMatchObject({ code, status: 502 });
    expect(creationProblem(response, [A])).toMatchObject({ code, status: 502 });
    expect(downloadProblem(response)).toMatchObject({ code, status: 502 });
  });

  it('leaves Alfresco’s status in the log', () => {
    expect(serverProblem(alfresco(507, API_DEFAULT)).diagnosis).toContain('507');
  });
});

describe('the text of Alfresco', () => {
  const LEAK = `org.alfresco.rest.api.model.Download ${FOREIGN} /opt/tomcat`;

  it.each([302, 400, 401, 403, 404, 405, 409, 412, 413, 422, 500, 503])(
    'never reaches the caller or the log with a %i',
    (status) => {
      for (const key of [NOT_FOUND, DENIED, LEAK]) {
        const response = alfresco(status, key, LEAK);
        for (const problem of [creationProblem(response, [A]), downloadProblem(response)]) {
          expect(shown(problem)).not.toMatch(/org\.alfresco|1111|tomcat/);
          expect(problem.diagnosis ?? '').not.toMatch(/org\.alfresco|1111|tomcat/);
        }
      }
    },
  );
});
