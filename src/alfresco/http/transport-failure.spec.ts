import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { inspect } from 'node:util';
import axios from 'axios';
import { errors, request } from 'undici';
import { TransportTimeoutError } from './deadline.js';
import { transportProblem } from './transport-failure.js';
import { ResponseTooLongError } from './transport.js';

/** What is thrown when the request meets a server that does this to every connection. */
async function failureOf(serve: (socket: Socket) => void): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { body } = await request(`http://127.0.0.1:${port}/`, { reset: true });
    // Unlike dump(), this fails when the body does.
    await body.text();
  } catch (error) {
    return error;
  } finally {
    server.close();
  }
  throw new Error('the request did not fail');
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function refusedConnection(): Promise<unknown> {
  const url = `http://127.0.0.1:${await closedPort()}/`;
  return axios
    .get(url, { auth: { username: 'svc', password: 'open-sesame' }, proxy: false })
    .catch((error: unknown) => error);
}

function withCode(code: string): Error {
  return Object.assign(new Error('connect to acs.internal.example failed'), { code });
}

describe('a failed call to Alfresco', () => {
  it('is ALFRESCO_UNREACHABLE when nothing listens', async () => {
    expect(transportProblem(await refusedConnection())).toMatchObject({
      code: 'ALFRESCO_UNREACHABLE',
      status: 502,
    });
  });

  it('is ALFRESCO_UNREACHABLE when the connection ends before the response', async () => {
    const failure = await failureOf((socket) => socket.destroy());
    expect(transportProblem(failure).code).toBe('ALFRESCO_UNREACHABLE');
  });

  it('is ALFRESCO_BAD_RESPONSE when the headers do not end', async () => {
    const header = `X-Filler: ${'x'.repeat(60_000)}\r\n`;
    const failure = await failureOf((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${header.repeat(4)}\r\n`),
    );
    expect(transportProblem(failure).code).toBe('ALFRESCO_BAD_RESPONSE');
  });

  it.each<[string, string]>([
    ['the greeting of another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a page without a status line', '<html></html>'],
    ['an alert of TLS', '\x15\x03\x03\0\x02\x02\x46'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['an unknown version of HTTP', 'HTTP/9.9 200 OK\r\n\r\n'],
    ['a blank in the name of a header', 'HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nhi'],
    [
      'a chunk size that is no number',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n',
    ],
    [
      'a chunk that is longer than its size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n',
    ],
  ])('is ALFRESCO_BAD_RESPONSE when the response is not HTTP: %s', async (_what, text) => {
    const failure = await failureOf((socket) => socket.end(text, 'latin1'));
    expect(transportProblem(failure)).toMatchObject({
      code: 'ALFRESCO_BAD_RESPONSE',
      status: 502,
    });
  });

  it.each<[string, Error]>([
    ['a call', new TransportTimeoutError('no response in time')],
    ['a connection', new errors.ConnectTimeoutError()],
    ['the body', new errors.BodyTimeoutError()],
    ['the network', withCode('ETIMEDOUT')],
  ])('is ALFRESCO_TIMEOUT when %s took too long', (_what, error) => {
    expect(transportProblem(error)).toMatchObject({ code: 'ALFRESCO_TIMEOUT', status: 504 });
  });

  it.each<[string, Error]>([
    ['a JSON response that is too long', new ResponseTooLongError('a JSON response is too long')],
    [
      'a body of another length than announced',
      new errors.ResponseContentLengthMismatchError('mismatch'),
    ],
  ])('is ALFRESCO_BAD_RESPONSE for %s', (_what, error) => {
    expect(transportProblem(error)).toMatchObject({ code: 'ALFRESCO_BAD_RESPONSE', status: 502 });
  });

  it.each<[string, unknown]>([
    ['an unknown host', withCode('ENOTFOUND')],
    ['a reset connection', withCode('ECONNRESET')],
    ['a refused certificate', withCode('CERT_HAS_EXPIRED')],
    [
      'a name with several addresses, none of which connects',
      Object.assign(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]), {
        code: 'ECONNREFUSED',
      }),
    ],
    ['an aborted request', new DOMException('This operation was aborted', 'AbortError')],
    ['an error without a code', new Error('boom')],
    ['what is no error', 'boom'],
    ['nothing', undefined],
  ])('is ALFRESCO_UNREACHABLE for %s', (_what, error) => {
    expect(transportProblem(error)).toMatchObject({ code: 'ALFRESCO_UNREACHABLE', status: 502 });
  });

  it('keeps its code for the log', () => {
    expect(transportProblem(withCode('CERT_HAS_EXPIRED')).diagnosis).toBe('CERT_HAS_EXPIRED');
  });

  it('does not keep the password that an axios error carries', async () => {
    const error = await refusedConnection();
    expect(inspect(error, { depth: null })).toContain('open-sesame');
    const problem = transportProblem(error);
    expect(inspect(problem, { depth: null, showHidden: true })).not.toContain('open-sesame');
    expect(problem.cause).toBeUndefined();
  });

  it.each([
    withCode('ECONNREFUSED'),
    withCode('to acs.internal.example'),
    new Error('acs.internal'),
  ])('does not keep the name of the host: %s', (error) => {
    expect(inspect(transportProblem(error), { depth: null })).not.toContain('acs.internal');
  });
});
