import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as it is written to the wire. */
export interface WireRequest {
  method: string;
  /** Path and query, sent as they are. */
  target: string;
  headers: readonly (readonly [name: string, value: string])[];
  body?: string;
  isChunked?: boolean;
}

/** A response as it came from the wire. */
export interface WireResponse {
  status: number;
  reason: string;
  /** Values are Latin-1. */
  headers: Record<string, string>;
  /** The bytes that came, with chunks put together. */
  body: Buffer;
}

/** A request behind which the server closes the connection, and how its response begins. */
const PROBE =
  'GET /alfresco/api/-default-/public/alfresco/versions/1/probes/-live- HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/**
 * Sends a request and, behind it on the same connection, a probe. What comes before the response to the probe is all
 * that the server has to say to the request, however short of its Content-Length; without a response to the probe the
 * server has closed the connection.
 */
export async function exchange(
  port: number,
  request: WireRequest,
): Promise<{ response: WireResponse; isClosed: boolean }> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.from(serialized(request) + PROBE, 'utf8'));
  const all = await buffer(socket);
  const probeAt = all.lastIndexOf('HTTP/1.1 200');
  const isClosed = probeAt <= 0;
  return { response: parse(isClosed ? all : all.subarray(0, probeAt)), isClosed };
}

function serialized({ method, target, headers, body, isChunked }: WireRequest): string {
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

function parse(bytes: Buffer): WireResponse {
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
