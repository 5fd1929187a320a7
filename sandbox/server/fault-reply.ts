import { API_DEFAULT, ApiError } from '../rest/api-error.ts';
import type { Fault } from './fault.ts';
import { errorReply, jsonReply } from '../rest/json-reply.ts';
import type { LogCounter } from '../rest/log-counter.ts';
import { htmlReply, type Header, type Reply } from '../rest/reply.ts';

const PADDING_BYTES = 64 * 1024;

/** The reply that replaces the usual one; undefined if the fault only modifies that. */
export function replacementReply(fault: Fault, counter: LogCounter): Reply | undefined {
  switch (fault.kind) {
    case 'html':
      return htmlReply(fault.status);
    case 'malformed-json':
      return {
        ...jsonReply(200, ''),
        body: Buffer.from('{"entry":{"id":"5b6ae6a6-7d1d-4d6b","sta'),
      };
    case 'empty':
      return { status: fault.status, headers: [['Content-Length', '0']] };
    case 'status':
      return statusReply(fault, counter);
    case 'redirect':
      return {
        status: fault.status ?? 302,
        headers: [
          ['Location', fault.location],
          ['Content-Length', '0'],
        ],
      };
    case 'huge-json':
      return { ...jsonReply(200, ''), body: padding(fault.bytes) };
    case 'wrong-entry':
      return jsonReply(200, { entry: fault.entry });
    default:
      return undefined;
  }
}

/** Modifies the headers and the length of the usual reply. */
export function spoilReply(reply: Reply, fault: Fault): Reply {
  if (fault.kind === 'set-cookie') {
    const additions: Header[] = [
      ['Set-Cookie', 'JSESSIONID=0123456789ABCDEF0123456789ABCDEF; Path=/alfresco; HttpOnly'],
      ['WWW-Authenticate', 'Basic realm="Alfresco"'],
      ['Server', 'Apache-Coyote/1.1'],
    ];
    return { ...reply, headers: [...reply.headers, ...additions] };
  }
  if (fault.kind === 'long-body') {
    const { body = Buffer.alloc(0) } = reply;
    const hasLength = reply.headers.some(([name]) => name === 'Content-Length');
    const length: Header[] =
      !hasLength && Buffer.isBuffer(body) ? [['Content-Length', String(body.length)]] : [];
    return {
      ...reply,
      headers: [...reply.headers, ...length],
      body: lengthened(body, fault.extraBytes),
    };
  }
  return reply;
}

function statusReply(fault: Extract<Fault, { kind: 'status' }>, counter: LogCounter): Reply {
  const headers: Header[] = Object.entries(fault.headers ?? {});
  if (fault.body !== undefined) {
    const body = Buffer.from(fault.body);
    return {
      status: fault.status,
      headers: [['Content-Length', String(body.length)], ...headers],
      body,
    };
  }
  const error = new ApiError(fault.status, API_DEFAULT, {
    summary: `Failure with status ${fault.status}`,
    headers,
  });
  return errorReply(error, counter);
}

async function* padding(bytes: number): AsyncGenerator<Buffer> {
  yield Buffer.from('{"entry":{"padding":"');
  for (let left = bytes; left > 0; left -= PADDING_BYTES)
    yield Buffer.alloc(Math.min(left, PADDING_BYTES), 'x');
  yield Buffer.from('"}}');
}

async function* lengthened(
  body: Buffer | AsyncIterable<Buffer>,
  extraBytes: number,
): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) yield body;
  else yield* body;
  yield Buffer.alloc(extraBytes, '!');
}
