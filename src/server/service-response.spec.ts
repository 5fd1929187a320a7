import { once } from 'node:events';
import { type Server, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SECURITY_HEADERS, ServiceResponse } from './service-response.js';

const ALWAYS = Object.entries(SECURITY_HEADERS).map(([name, value]) => [name.toLowerCase(), value]);

describe('a response of the service', () => {
  let server: Server;
  afterEach(() => server.close());

  /** The header lines of a response that is made like this, names in lower case. */
  async function linesOf(make: (response: ServiceResponse) => void): Promise<string[][]> {
    server = createServer({ ServerResponse: ServiceResponse }, (_request, response) => {
      make(response);
      response.end('x');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Promise((resolve, reject) => {
      get({ port: (server.address() as AddressInfo).port }, ({ rawHeaders }) => {
        const pairs = rawHeaders.length / 2;
        resolve(
          Array.from({ length: pairs }, (_, at) => [
            rawHeaders[2 * at]!.toLowerCase(),
            rawHeaders[2 * at + 1]!,
          ]),
        );
      }).once('error', reject);
    });
  }

  it.each<[string, (response: ServiceResponse) => void]>([
    ['no head', () => {}],
    ['a status', (response) => response.writeHead(200)],
    ['headers', (response) => response.writeHead(200, { 'x-one': '1', 'Set-Cookie': ['a', 'b'] })],
    ['a list of headers', (response) => response.writeHead(200, ['x-one', '1'])],
    ['a reason', (response) => response.writeHead(200, 'Fine', { 'x-one': '1' })],
    ['a header that was set before', (response) => response.setHeader('x-one', '1').writeHead(200)],
  ])('with %s has the headers of every response, once', async (_what, make) => {
    const lines = await linesOf(make);
    expect(lines).toEqual(expect.arrayContaining(ALWAYS));
    const single = lines.map(([name]) => name).filter((name) => name !== 'set-cookie');
    expect(new Set(single).size).toBe(single.length);
  });

  it('has all values of a header that has several', async () => {
    const lines = await linesOf((response) =>
      response.writeHead(200, { 'Set-Cookie': ['a', 'b'] }),
    );
    expect(lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual([
      'a',
      'b',
    ]);
  });

  it.each<[string, (response: ServiceResponse) => void]>([
    ['given', (response) => response.writeHead(200, { 'x-frame-options': 'SAMEORIGIN' })],
    [
      'set before',
      (response) => response.setHeader('X-Frame-Options', 'SAMEORIGIN').writeHead(200),
    ],
  ])('has the value of one of them that was %s', async (_what, make) => {
    const lines = await linesOf(make);
    expect(lines.filter(([name]) => name === 'x-frame-options')).toEqual([
      ['x-frame-options', 'SAMEORIGIN'],
    ]);
  });
});
