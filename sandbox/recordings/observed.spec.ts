import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { basic, CORE, entriesOf, TestClient, until } from '../testing/test-client.ts';
import { SAMPLE_NODES as ID } from '../sample-nodes.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../sandbox.ts';
import { FIXTURE_NODES, NODE_IDS } from './fixture.ts';

const TIMEOUT_MS = 200;
const PROGRESS_STEP = 10_240_000;
const CHUNK = 20_480;

/** Alfresco's observed connection handling and timing, at a smaller scale. */
describe('an observation of Alfresco', () => {
  let sandbox: Sandbox;
  let client: TestClient;

  const start = async (options: SandboxOptions = {}): Promise<void> => {
    sandbox = await startSandbox({ estimateDelayMs: 0, nodes: FIXTURE_NODES, ...options });
    client = new TestClient(sandbox);
  };
  const stop = (): Promise<void> => sandbox.close();
  /** A finished ZIP. Its connections do not time out between two of these requests. */
  const done = async (): Promise<string> => {
    const id = sandbox.addDownload('alice', [NODE_IDS.file100]);
    const statusRequest = get(`/downloads/${id}`, { Connection: 'close' });
    await until(async () => (await client.raw(statusRequest)).includes('DONE'));
    return id;
  };

  describe('about a short body', () => {
    let id: string;

    beforeAll(async () => {
      await start({ connectionTimeoutMs: TIMEOUT_MS });
      id = await done();
    });
    afterAll(stop);

    it.each([
      ['h01', 'bytes=90-999999', '206', 999_910, 152],
      ['h02', 'bytes=342-442', '206', 101, 0],
      ['h03', 'bytes=242-', '416', 242, 0],
      ['h04', 'bytes=0-9,20-29', '206', 259, 20],
    ])(
      '%s: %s waits until the idle connection is closed',
      async (_, range, status, promised, sent) => {
        const startedAt = performance.now();
        const all = await client.raw(
          get(`/nodes/${id}/content`, { Range: range, 'User-Agent': 'x' }),
        );
        expect(performance.now() - startedAt).toBeGreaterThan(TIMEOUT_MS - 20);
        const [head = '', body = ''] = all.split('\r\n\r\n');
        expect(head).toContain(`HTTP/1.1 ${status} \r\n`);
        expect(head).toContain(`\r\nContent-Length: ${promised}`);
        expect(head).not.toContain('Connection');
        expect(body).toHaveLength(sent);
      },
    );
  });

  describe('about connections', () => {
    let id: string;

    beforeAll(async () => {
      await start();
      id = await done();
    });
    afterAll(stop);

    it('h05: is closed at once if the client asks for it', async () => {
      const startedAt = performance.now();
      const headers = { Range: 'bytes=90-999999', Connection: 'close' };
      const all = await client.raw(get(`/nodes/${id}/content`, headers));
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      const [head = '', body = ''] = all.split('\r\n\r\n');
      expect(head).toContain('\r\nConnection: close');
      expect(body).toHaveLength(152);
    });

    it.each([
      ['h06', 'bytes=342-442', 0],
      ['h07', 'bytes=242-', 0],
      ['h08', 'bytes=0-9,20-29', 20],
    ])(
      '%s: the missing bytes of %s are filled with the response to the next request',
      async (_, range, sent) => {
        const connection = new Connection(sandbox);
        await connection.send(get(`/nodes/${id}/content`, { Range: range, 'User-Agent': 'x' }));
        await connection.send(get(`/downloads/${id}?fields=status`));
        await until(() => connection.received.includes('DONE'));
        connection.socket.destroy();
        const body = connection.received.slice(connection.received.indexOf('\r\n\r\n') + 4);
        expect(body.indexOf('HTTP/1.1 200 ')).toBe(sent);
      },
    );

    it.each([
      ['200', get('/downloads/{id}')],
      ['202', request('DELETE', '/downloads/{id}')],
      ['206', get('/nodes/{id}/content', { Range: 'bytes=0-9' })],
      ['304', get('/nodes/{id}/content', { 'If-Modified-Since': 'Fri, 01 Jan 2038 00:00:00 GMT' })],
      ['401', request('POST', '/downloads', { Authorization: '' }, 'x'.repeat(3_000))],
      ['403', get(`/nodes/${ID.forbiddenFile}`)],
      ['404', get('/downloads/abc')],
      ['405', get('/downloads')],
      ['405', request('HEAD', '/downloads/{id}')],
    ])('h09: %s keeps the connection', async (status, text) => {
      const all = await client.raw(
        text.replace('{id}', id) + get('/probes/-live-', { Connection: 'close' }),
      );
      expect(all).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(all.match(/HTTP\/1\.1 /g)).toHaveLength(2);
      expect(all.match(/Connection: close/g)).toHaveLength(1);
    });

    it.each([
      ['400', get(`/downloads/${ID.textFile}`)],
      ['400', get('/downloads/a%2Fb')],
      ['500', request('POST', '/downloads', {}, '{}')],
    ])('h09: %s closes it', async (status, text) => {
      const all = await client.raw(text + get('/probes/-live-'));
      expect(all).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(all.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(all).toContain('\r\nConnection: close');
    });

    it('h10: the 100th response closes it', async () => {
      const all = await client.raw(get('/probes/-live-').repeat(101));
      const heads = all.match(/HTTP\/1\.1 [^]*?\r\n\r\n/g) ?? [];
      expect(heads).toHaveLength(100);
      expect(heads.findIndex((head) => head.includes('Connection: close'))).toBe(99);
    });
  });

  it('about a client that reads nothing: it is disconnected', async () => {
    await start({ connectionTimeoutMs: TIMEOUT_MS, largeFileBytes: 60_000_000 });
    try {
      const { socket } = new Connection(sandbox);
      socket.pause();
      socket.write(get(`/nodes/${ID.largeFile}/content`));
      await until(() => sandbox.activeResponses === 1);
      await until(() => sandbox.openConnections === 0);
      expect(sandbox.activeResponses).toBe(0);
      expect(sandbox.requests[0]?.aborted).toBe(false);
      socket.destroy();
    } finally {
      await stop();
    }
  });

  describe('about the lock of an account', () => {
    beforeAll(() => start());
    afterAll(stop);

    it('h11: counts Basic and logins together, and lets tickets through', async () => {
      const logIn = async (password: string): Promise<{ status: number; ticket: string }> => {
        const { status, json } = await client.call('POST', '/tickets', {
          api: '/api/-default-/public/authentication/versions/1',
          user: null,
          body: JSON.stringify({ userId: 'alice', password }),
        });
        return { status, ticket: json.entry?.id };
      };
      const byBasic = async (password?: string): Promise<number> =>
        (
          await client.call('GET', '/nodes/-root-', {
            user: null,
            headers: { authorization: basic('alice', password) },
          })
        ).status;
      const { ticket } = await logIn('al1ce-s3cret-Pa55');
      for (let failures = 0; failures < 5; failures += 1) {
        expect(await byBasic('wrong')).toBe(401);
        expect((await logIn('wrong')).status).toBe(403);
      }
      expect(await byBasic()).toBe(401);
      expect((await logIn('al1ce-s3cret-Pa55')).status).toBe(403);
      const withTicket = await client.call('GET', `/nodes/-root-?alf_ticket=${ticket}`, {
        user: null,
      });
      expect(withTicket.status).toBe(200);
    });
  });

  describe('about a big download', () => {
    beforeEach(() => start({ bytesPerSecond: 0 }));
    afterEach(stop);

    it('h12: eight run, the others do not change, and cancelled ones wait until a job ends', async () => {
      const ids: string[] = [];
      while (ids.length < 10) ids.push(await client.create([NODE_IDS.bigFolder]));
      for (const id of ids.slice(0, 8)) await client.waitFor(id, 'IN_PROGRESS');
      const pending = { bytesAdded: 0, totalBytes: 0, filesAdded: 0, totalFiles: 0 };
      const waiting = ids.slice(8);
      for (const id of waiting) {
        expect(await client.waitFor(id, 'PENDING')).toMatchObject(pending);
        expect((await client.call('DELETE', `/downloads/${id}`)).status).toBe(202);
        expect(await client.waitFor(id, 'PENDING')).toMatchObject(pending);
      }
      for (const id of ids.slice(0, 8)) await client.call('DELETE', `/downloads/${id}`);
      sandbox.bytesPerSecond = undefined;
      for (const id of ids) {
        const { bytesAdded, totalBytes } = await client.waitFor(id, 'CANCELLED');
        expect((bytesAdded - CHUNK) % PROGRESS_STEP).toBe(0);
        expect(totalBytes).toBe(1_200_000_000);
      }
    });

    it('h13: its counters, filesAdded included, change at the first chunk of each file', async () => {
      const id = await client.create([NODE_IDS.bigDoneFolder]);
      await client.waitFor(id, 'IN_PROGRESS');
      const seen = new Map<string, unknown[]>();
      for (let status = ''; status !== 'DONE';) {
        const { entry } = (await client.call('GET', `/downloads/${id}`)).json;
        ({ status } = entry);
        const { bytesAdded, filesAdded, totalBytes, totalFiles } = entry;
        const row = [status, bytesAdded, totalBytes, filesAdded, totalFiles];
        seen.set(JSON.stringify(row), row);
        sandbox.bytesPerSecond = 100_000_000;
      }
      const first = CHUNK;
      const second = 8_000_000 + CHUNK;
      const third = 16_000_000 + CHUNK;
      const possible = [
        ['IN_PROGRESS', first, 24_000_000, 0, 3],
        ['IN_PROGRESS', second, 24_000_000, 1, 3],
        ['IN_PROGRESS', third, 24_000_000, 2, 3],
        ['DONE', 24_000_000, 24_000_000, 3, 3],
      ];
      expect(possible).toEqual(expect.arrayContaining([...seen.values()]));
      expect([...seen.values()]).toEqual(expect.arrayContaining([possible[0], possible[3]]));
    });

    it('h16: continues when a property is set on it, and keeps the property', async () => {
      const id = await client.create([NODE_IDS.bigDoneFolder]);
      await client.waitFor(id, 'IN_PROGRESS');
      const body = '{"properties":{"cm:author":"stamp"}}';
      const stamped = await client.call('PUT', `/nodes/${id}`, { body });
      expect(stamped.json.entry.properties).toMatchObject({ 'download:status': 'IN_PROGRESS' });
      sandbox.bytesPerSecond = undefined;
      await client.waitFor(id, 'DONE');
      const { properties } = (await client.call('GET', `/nodes/${id}`)).json.entry;
      expect(properties['cm:author']).toBe('stamp');
    });
  });

  it('about a tree of many files: it stays PENDING, unchanged, while they are counted', async () => {
    await start({ estimateMsPerFile: 60_000 });
    try {
      const id = await client.create([NODE_IDS.bigDoneFolder]);
      const node = (): Promise<unknown> =>
        client.call('GET', `/nodes/${id}`).then(({ json }) => json);
      const created = await node();
      await client.waitFor(await client.create([NODE_IDS.emptyFolder]), 'DONE');
      expect(await node()).toEqual(created);
      expect(await client.waitFor(id, 'PENDING')).toMatchObject({ totalBytes: 0, totalFiles: 0 });
    } finally {
      await stop();
    }
  });

  describe('about the first byte of a content', () => {
    afterEach(stop);

    it('h14: it arrives once all of it is buffered', async () => {
      await start({ bufferedBytesPerSecond: 100_000_000 });
      const startedAt = performance.now();
      const response = await client.fetch('GET', `/nodes/${ID.mediumFile}/content`);
      expect(performance.now() - startedAt).toBeGreaterThan(190);
      await response.body?.cancel();
    });

    it('h14: that of a small range arrives at once', async () => {
      await start({ bufferedBytesPerSecond: 1 });
      const headers = { Range: 'bytes=0-9' };
      const { status } = await client.call('GET', `/nodes/${ID.mediumFile}/content`, { headers });
      expect(status).toBe(206);
    });
  });

  it('h15: a ZIP has folders first, everything deflated, lengths behind the data and each name twice', async () => {
    await start();
    try {
      const id = await client.create([NODE_IDS.helloFile, NODE_IDS.folder]);
      expect(await client.waitFor(id, 'DONE')).toMatchObject({
        filesAdded: 3,
        bytesAdded: 3_000_024,
        totalBytes: 3_000_024,
        totalFiles: 3,
      });
      const response = await client.fetch('GET', `/nodes/${id}/content`);
      const entries = await entriesOf(Buffer.from(await response.arrayBuffer()));
      expect(
        entries.map((entry) => [entry.fileName, entry.uncompressedSize, entry.compressedSize]),
      ).toEqual([
        ['hello.txt', 12, 14],
        ['top/', 0, 2],
        ['top/sub/', 0, 2],
        ['top/sub/rnd3m.bin', 3_000_000, 3_000_920],
        ['top/hello.txt', 12, 14],
      ]);
      for (const entry of entries) {
        expect(entry).toMatchObject({ compressionMethod: 8, generalPurposeBitFlag: 0x0808 });
        expect(entry.extraFields.map((field) => field.id)).toEqual([0x000a, 0x7075]);
      }
    } finally {
      await stop();
    }
  });
});

function get(path: string, headers: Record<string, string> = {}): string {
  return request('GET', path, headers);
}

function request(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): string {
  const length = body === undefined ? {} : { 'Content-Length': String(body.length) };
  const lines = Object.entries({
    Host: 'x',
    Authorization: basic('alice'),
    ...length,
    ...headers,
  }).map((pair) => pair.join(': '));
  return `${method} /alfresco${CORE}${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** A connection whose responses are kept as Latin-1. */
class Connection {
  readonly socket: Socket;
  received = '';

  constructor(sandbox: Sandbox) {
    this.socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('error', () => {});
  }

  /** Sends a request and waits for the first bytes of the response. */
  async send(text: string): Promise<void> {
    this.socket.write(text);
    if (this.socket.listenerCount('data') === 0) {
      this.socket.on('data', (more: string) => {
        this.received += more;
      });
    }
    await once(this.socket, 'data');
  }
}
