import { ProblemException } from '../problems/problem.exception.js';
import type { UpstreamAnswer } from './http/transport.js';

/** A JSON answer of Alfresco, parsed as far as it is JSON. */
export interface Answer {
  readonly status: number;
  /** `undefined` when there is no body or it is not JSON. */
  readonly body: unknown;
}

/** Alfresco's error, reduced to what may be looked at. Its text may hold Java class names and foreign ids. */
export interface AlfrescoError {
  readonly errorKey: string;
  readonly briefSummary: string;
}

export function toAnswer({ status, data }: UpstreamAnswer<string>): Answer {
  return { status, body: parseJson(data) };
}

/** Alfresco's error envelope, or `undefined` when something else (a proxy, Tomcat) answered. */
export function errorOf({ body }: Answer): AlfrescoError | undefined {
  const error = isObject(body) ? body.error : undefined;
  if (!isObject(error) || typeof error.statusCode !== 'number') return undefined;
  return { errorKey: textOf(error.errorKey), briefSummary: textOf(error.briefSummary) };
}

/** The `entry` of a single-entity answer. @throws ProblemException ALFRESCO_BAD_RESPONSE */
export function entryOf({ status, body }: Answer): Record<string, unknown> {
  const entry = isObject(body) ? body.entry : undefined;
  if (!isObject(entry)) throw badResponse(`status ${status} without an entry`);
  return entry;
}

/**
 * Something else has answered in Alfresco's place: a proxy, or Tomcat before the web application is deployed, whose pages
 * are HTML. That may pass.
 */
export class ForeignAnswerException extends ProblemException {
  constructor(status: number) {
    const diagnosis = `status ${status}, not in the form of Alfresco`;
    super('ALFRESCO_BAD_RESPONSE', { diagnosis });
  }
}

/** The answer is not what the API documents. `diagnosis` goes to the log. */
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
