import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ProblemCode } from '../problems/problem-catalogue.js';
import { SECURITY_HEADERS } from './service-response.js';
import { PROBLEM_MEDIA_TYPE, toProblemDocument } from '../problems/problem-document.js';
import { ProblemException } from '../problems/problem.exception.js';

const BY_PARSER_CODE: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

/** A request that could not be parsed, so there is no request object for it. */
export interface UnreadableRequest {
  /** The `X-Request-Id` of the response. */
  readonly id: string;
  readonly problem: ProblemException;
}

/**
 * Responds to what Node's HTTP parser refuses. There is no response object yet, so it writes to the socket.
 *
 * @param pages path of the pages that `type` leads to
 * @returns the refused request; `undefined` when its client has disconnected
 */
export function handleClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  pages: string,
): UnreadableRequest | undefined {
  if (error.code === 'ECONNRESET' || socket.destroyed) return undefined;
  const problem = new ProblemException(BY_PARSER_CODE[error.code ?? ''] ?? 'MALFORMED_REQUEST');
  const id = randomUUID();
  const body = JSON.stringify(toProblemDocument(problem, { url: '', id }, pages));
  // As in Node's own handler: a second response must not be mixed into one that is on its way.
  // oxlint-disable-next-line no-underscore-dangle -- Node has no public name for it
  const current = (socket as { _httpMessage?: ServerResponse })._httpMessage;
  if (socket.writable && !current?.headersSent) {
    socket.write(
      [
        `HTTP/1.1 ${problem.getStatus()} ${STATUS_CODES[problem.getStatus()]}`,
        `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        // RFC 9110, section 6.6.1
        `Date: ${new Date().toUTCString()}`,
        `X-Request-Id: ${id}`,
        'Cache-Control: no-store',
        ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  }
  socket.destroySoon();
  return { id, problem };
}
