import { ProblemException } from '../problems/problem.exception.js';
import type { UpstreamResponse } from './http/upstream-call.js';

/** A JSON response of Alfresco, parsed as far as it is JSON. */
export interface AlfrescoResponse {
  readonly status: number;
  /** `undefined` when there is no body or it is not JSON. */
  readonly body: unknown;
}

/** The usable part of Alfresco's error. Its texts are never passed on: they may hold Java class names and foreign ids. */
export interface AlfrescoError {
  readonly errorKey: string;
  readonly briefSummary: string;
}

export function toAlfrescoResponse({ status, data }: UpstreamResponse<string>): AlfrescoResponse {
  return { status, body: parseJson(data) };
}

/** Alfresco's error envelope, or `undefined` when something else (a proxy, Tomcat) responded. */
export function errorOf({ body }: AlfrescoResponse): AlfrescoError | undefined {
  const error = isObject(body) ? body.error : undefined;
  if (!isObject(error) || typeof error.statusCode !== 'number') return undefined;
  return { errorKey: textOf(error.errorKey), briefSummary: textOf(error.briefSummary) };
}

/** The `entry` of a single-entity response. @throws ProblemException ALFRESCO_BAD_RESPONSE */
export function entryOf({ status, body }: AlfrescoResponse): Record<string, unknown> {
  const entry = isObject(body) ? body.entry : undefined;
  if (!isObject(entry)) throw badResponse(`status ${status} without an entry`);
  return entry;
}

/**
 * Something else responded in place of Alfresco: a proxy, or Tomcat before the web application is deployed, whose pages
 * are HTML. A later attempt may reach Alfresco.
 */
export class ForeignResponseException extends ProblemException {
  constructor(status: number) {
    const diagnosis = `status ${status}, not in the form of Alfresco`;
    super('ALFRESCO_BAD_RESPONSE', { diagnosis });
  }
}

/** Something responds at `ALFRESCO_URL`, but does not know the path of Alfresco's REST API. */
export class WrongAddressException extends ProblemException {
  constructor() {
    const diagnosis =
      'ALFRESCO_URL is a wrong address: no Alfresco there; it usually ends with /alfresco';
    super('ALFRESCO_BAD_RESPONSE', { diagnosis });
  }
}

/** Whether this is a 404 that is not Alfresco's, such as that of Tomcat for a web application that it does not have. */
export function isUnknownAddress(response: AlfrescoResponse): boolean {
  return response.status === 404 && errorOf(response) === undefined;
}

/** The response is not what the API documents. `diagnosis` goes to the log. */
export function badResponse(diagnosis: string): ProblemException {
  return new ProblemException('ALFRESCO_BAD_RESPONSE', { diagnosis });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const ENTITY_NOT_FOUND = 'framework.exception.EntityNotFound';
const PERMISSION_DENIED = 'framework.exception.PermissionDenied';

/** In English, since requests ask for it (`permissions.err_read_only`). */
const READ_ONLY = /system is currently in read-only mode/;

/** Whether Alfresco is read-only as a whole; RetryingTransactionHelper rejects the change before anything is done. */
export function isReadOnly(response: AlfrescoResponse): boolean {
  return response.status === 403 && READ_ONLY.test(errorOf(response)?.briefSummary ?? '');
}

/** What an unsuccessful response to POST /downloads means to the caller that asked for `nodeIds`. */
export function creationProblem(
  response: AlfrescoResponse,
  nodeIds: readonly string[],
): ProblemException {
  const error = errorOf(response);
  if (error) {
    switch (response.status) {
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
  return serverProblem(response);
}

/** What an unsuccessful response about one download (or its node) means to the caller. */
export function downloadProblem(response: AlfrescoResponse): ProblemException {
  const error = errorOf(response);
  if (error) {
    switch (response.status) {
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
  return serverProblem(response);
}

/** A response that is not the caller's fault. Alfresco's 401 is about this service's account, never the caller's. */
export function serverProblem(response: AlfrescoResponse): ProblemException {
  const { status } = response;
  if (status === 401) {
    return new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', {
      diagnosis: 'Alfresco status 401',
    });
  }
  if (isReadOnly(response)) {
    return new ProblemException('ALFRESCO_READ_ONLY', { diagnosis: 'Alfresco is read-only' });
  }
  const speaksAlfresco = errorOf(response) !== undefined;
  if (status >= 500 || (status >= 400 && speaksAlfresco)) {
    return new ProblemException('ALFRESCO_ERROR', { diagnosis: `Alfresco status ${status}` });
  }
  return speaksAlfresco ? badResponse(`status ${status}`) : new ForeignResponseException(status);
}

/** Alfresco names the missing id in its text; only an id that the caller sent is ever passed on. */
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
