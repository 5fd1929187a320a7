import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { configured, it } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { Scrape } from '../harness/scrape.js';

/** A connection that has sent these pipelined requests. */
function pipeline(port: number, path: string, count: number, headers = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`.repeat(count));
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += (chunk as Buffer).toString('latin1');
  return text;
}

async function openRequests(url: string): Promise<number> {
  return (await Scrape.of(url)).value('bff_http_requests_open', {}) ?? 0;
}

describe('pipelined requests', () => {
  it('get their responses in order', async ({ bff }) => {
    const socket = connect(bff.port, '127.0.0.1');
    const ids = ['first', 'second', 'third'];
    socket.write(
      ids
        .map((id, index) => {
          const close = index === 2 ? 'Connection: close\r\n' : '';
          return `GET /health/live HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${id}\r\n${close}\r\n`;
        })
        .join(''),
    );
    const text = await readAll(socket);
    expect([...text.matchAll(/x-request-id: (\w+)/gi)].map(([, id]) => id)).toEqual(ids);
  });

  it('close the connection when there are too many, with a final response that says so', async ({
    bff,
  }) => {
    const text = await readAll(pipeline(bff.port, '/health/live', 100));
    const responses = text.split('HTTP/1.1 200 OK').slice(1);
    expect(responses).toHaveLength(17);
    expect(responses.map((response) => /^connection: close/im.test(response))).toEqual([
      ...Array.from({ length: 16 }, () => false),
      true,
    ]);
  });

  it('give way to a request of another connection between two of them', async ({ bff }) => {
    const [many, other] = [connect(bff.port, '127.0.0.1'), connect(bff.port, '127.0.0.1')];
    await Promise.all([once(many, 'connect'), once(other, 'connect')]);
    let served = 0;
    many.on('data', (chunk: Buffer) => {
      served += chunk.toString('latin1').split('HTTP/1.1 200 OK').length - 1;
    });
    many.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(16));
    other.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(other, 'data');
    expect(served).toBeLessThan(16);
    await until(
      () => Promise.resolve(served),
      (count) => count === 16,
    );
    for (const socket of [many, other]) socket.destroy();
  });

  it.for([
    '/docs/openapi.json',
    '/docs/openapi.yaml',
    '/docs/swagger-ui-bundle.js',
    '/problems',
    '/metrics',
  ])('are processed one at a time while the client does not read: %s', async (path, { bff }) => {
    const before = await openRequests(bff.url);
    const sockets = [1, 2, 3].map(() => pipeline(bff.port, path, 1400).pause());
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await sleep(300);
    // The scrape itself counts as one.
    expect(await openRequests(bff.url)).toBeLessThanOrEqual(before + sockets.length);
    for (const socket of sockets) socket.destroy();
    await until(
      () => openRequests(bff.url),
      (open) => open <= before,
    );
  });

  it('are not begun once the client has disconnected', async ({ bff, api, user, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    sandbox.fail({ kind: 'hang' }, { path: /content/ });
    const socket = pipeline(
      bff.port,
      `/downloads/${id}/content`,
      5,
      `Authorization: ${user.headers.authorization}\r\n`,
    );
    const transfers = () => sandbox.requests.filter(({ url }) => url.includes('/content')).length;
    await until(transfers, (count) => count === 1);
    socket.destroy();
    await until(
      () => openRequests(bff.url),
      (open) => open <= 1,
    );
    expect(transfers()).toBe(1);
  });
});

/** Tests with a timeout of a quarter of a second instead of two minutes. */
const withShortTimeout = configured({ pacing: { server: { stalledClientMs: 250, checkMs: 25 } } });

describe('a client that does not read its response', () => {
  withShortTimeout('is disconnected after the documented time', async ({ bff, api, user }) => {
    const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
    const socket = pipeline(
      bff.port,
      `/downloads/${id}/content`,
      1,
      `Authorization: ${user.headers.authorization}\r\n`,
    );
    await once(socket, 'readable');
    const begun = performance.now();
    await until(
      () => openRequests(bff.url),
      (open) => open <= 1,
    );
    // Twice as long with Node's own socket timeout; filling the buffers takes part of it.
    expect(performance.now() - begun).toBeGreaterThan(200);
    socket.destroy();
  });

  withShortTimeout(
    'is distinguished from one that waits for Alfresco',
    async ({ bff, api, user, sandbox }) => {
      const id = await api.createFinished([SAMPLE_NODES.textFile]);
      sandbox.fail({ kind: 'delay', ms: 1000 }, { path: /content/ });
      const response = await fetch(`${bff.url}/downloads/${id}/content`, { headers: user.headers });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    },
  );
});
