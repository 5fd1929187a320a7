import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request, sent as given. */
export interface RawRequest {
  method: string;
  /** Path and query, not normalized. */
  target: string;
  headers: readonly (readonly [name: string, value: string])[];
  body?: string;
  isChunked?: boolean;
}

/** A response as received. */
export interface RawResponse {
  status: number;
  reason: string;
  /** Values are Latin-1. */
  headers: Record<string, string>;
  /** The bytes received, with chunked encoding decoded. */
  body: Buffer;
}

/** A request after which the server closes the connection, and the start of its response. */
const PROBE =
  'GET /alfresco/api/-default-/public/alfresco/versions/1/probes/-live- HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/**
 * Sends a request and, after it on the same connection, a probe. All that precedes the response to the probe is the
 * response to the request, even if shorter than its Content-Length; without a response to the probe, the server has
 * closed the connection.
 */
export async function sendRaw(
  port: number,
  request: RawRequest,
): Promise<{ response: RawResponse; isClosed: boolean }> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.from(serialized(request) + PROBE, 'utf8'));
  const all = await buffer(socket);
  const probeAt = all.lastIndexOf('HTTP/1.1 200');
  const isClosed = probeAt <= 0;
  return { response: parse(isClosed ? all : all.subarray(0, probeAt)), isClosed };
}

function serialized({ method, target, headers, body, isChunked }: RawRequest): string {
  const length = Buffer.byteLength(body ?? '');
  const framing: [string, string][] =
    body === undefined
      ? []
      : [isChunked === true ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', `${length}`]];
  const lines = [['Host', 'alfresco.test'] as const, ...headers, ...framing].map((pair) =>
    pair.join(': '),
  );
  const sent = isChunked === true ? `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : (body ?? '');
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${sent}`;
}

function parse(bytes: Buffer): RawResponse {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3})(.*)$/.exec(statusLine) ?? [];
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const body = bytes.subarray(end + 4);
  return {
    status: Number(status),
    reason,
    headers,
    body: headers['Transfer-Encoding'] === 'chunked' ? joinChunks(body) : body,
  };
}

function joinChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (length === 0) return Buffer.concat(parts);
    if (!(length > 0)) throw new Error('The response ends within its chunks');
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
