import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { Pool } from 'undici';
import {
  StaleConnectionError,
  UnsentError,
  beforeResponse,
  createConnector,
} from './connections.js';

const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const response = (socket: Socket) => socket.write(RESPONSE);

describe('a request', () => {
  let server: Server;
  let pool: Pool;
  /** What the server does with each request, in turn. */
  let script: ((socket: Socket) => void)[];

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => script.shift()?.(socket));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    pool = new Pool(`http://127.0.0.1:${port}`, {
      connections: 1,
      connect: createConnector({ timeout: 1000 }),
    });
  });
  afterEach(async () => {
    await pool.destroy();
    server.close();
  });

  const send = async () => (await pool.request({ path: '/', method: 'GET' })).body.text();
  const failure = () => send().then(() => undefined, beforeResponse);

  it('to a port where nothing listens was not sent', async () => {
    server.close();
    expect(await failure()).toMatchObject({ name: 'UnsentError', code: 'ECONNREFUSED' });
  });

  it.each([
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['closed', (socket: Socket) => socket.end()],
  ])('on a connection that has served another one and is %s finds it stale', async (_, end) => {
    script = [response, end];
    await send();
    expect(await failure()).toBeInstanceOf(StaleConnectionError);
  });

  it.each([
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['closed', (socket: Socket) => socket.end()],
  ])('on a new connection that is %s finds nothing stale', async (_, end) => {
    script = [end];
    const error = await failure();
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(StaleConnectionError);
    expect(error).not.toBeInstanceOf(UnsentError);
  });
});
