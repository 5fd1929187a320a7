import { connect } from 'node:net';

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body as JSON; fails the test if it is not JSON. */
  json(): Record<string, unknown>;
}

export interface RawRequest {
  readonly method?: string;
  /** Sent verbatim; a client library would normalize it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends exactly this request on a new connection, and reads until the connection closes. */
export function rawRequest(port: number, request: RawRequest): Promise<RawResponse> {
  const { method = 'GET', path, headers = {}, body } = request;
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: 'close',
    ...(body !== undefined &&
      !('Transfer-Encoding' in headers) && { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const head = [
    `${method} ${path} HTTP/1.1`,
    ...Object.entries(all).map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n');
  return rawBytes(port, Buffer.concat([Buffer.from(head), Buffer.from(body ?? '')]));
}

/** Sends these bytes on a new connection, and reads until the connection closes. */
export async function rawBytes(port: number, bytes: Buffer | string): Promise<RawResponse> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer);
  } catch (error) {
    // If the service closes while our bytes are still in transit, the connection is reset after its response.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET' && chunks.length === 0) throw error;
  }
  return parse(Buffer.concat(chunks).toString('utf8'));
}

function parse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = text.slice(end + 4);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body,
    json: () => JSON.parse(body) as Record<string, unknown>,
  };
}
