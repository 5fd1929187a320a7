import { DownloadsClient, DownloadsProblem, ServiceUnreachable } from './index.ts';
import { ScriptedServer, cut, download, json, problem } from './scripted-server.fixture.ts';

const PENDING = download({ status: 'PENDING', bytesAdded: 0, totalBytes: 0 });

let server: ScriptedServer;
let client: DownloadsClient;
beforeEach(async () => {
  server = await ScriptedServer.start();
  client = new DownloadsClient({ baseUrl: server.url, authorization: 'Basic YTpi' });
});
afterEach(() => server.close());

/** Ends the client's pauses at once, and records them. */
function hurry(): readonly number[] {
  const pauses: number[] = [];
  const { setTimeout: wait } = globalThis;
  const hurried = ((callback: () => void, ms: number, ...values: []) => {
    // Other timers belong to `fetch`.
    const isPause = ms === 1000 || ms === 2000;
    if (isPause) pauses.push(ms);
    return wait(callback, isPause ? 0 : ms, ...values);
  }) as typeof setTimeout;
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(hurried);
  onTestFinished(() => spy.mockRestore());
  return pauses;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('creating a download', () => {
  it('sends the ids, the credentials and a new key each time', async () => {
    server.script = (_request, response) => json(response, { entry: PENDING });
    expect(await client.create(['a', 'b'])).toEqual(PENDING);
    await client.create(['a', 'b']);
    const [first, second] = server.requests;
    expect(first).toMatchObject({
      what: 'POST /downloads',
      body: '{"nodeIds":["a","b"]}',
      headers: {
        authorization: 'Basic YTpi',
        'content-type': 'application/json',
        'x-requested-with': 'XMLHttpRequest',
        'idempotency-key': expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      },
    });
    expect(second!.headers['idempotency-key']).not.toBe(first!.headers['idempotency-key']);
  });

  it('is retried with the same key if no response arrives', async () => {
    const pauses = hurry();
    server.script = (_request, response) =>
      server.requests.length === 1 ? cut(response) : json(response, { entry: PENDING });
    expect(await client.create(['a'])).toEqual(PENDING);
    expect(server.requests).toHaveLength(2);
    const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys[1]).toBe(keys[0]);
    expect(pauses).toEqual([1000]);
  });

  it('is retried while the first of its requests is still in progress', async () => {
    const pauses = hurry();
    server.script = (_request, response) =>
      server.requests.length === 1
        ? problem(response, 409, 'IDEMPOTENCY_KEY_IN_USE')
        : json(response, { entry: PENDING });
    expect(await client.create(['a'], { idempotencyKey: 'mine' })).toEqual(PENDING);
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'mine',
      'mine',
    ]);
    expect(pauses).toEqual([1000]);
  });

  it('is given up after three requests without a response', async () => {
    const pauses = hurry();
    server.script = (_request, response) => cut(response);
    expect(await failureOf(client.create(['a']))).toBeInstanceOf(ServiceUnreachable);
    expect(server.requests).toHaveLength(3);
    expect(pauses).toEqual([1000, 2000]);
  });

  it('is not retried if the service has responded', async () => {
    server.script = (_request, response) => problem(response, 502, 'ALFRESCO_ERROR');
    expect(await failureOf(client.create(['a']))).toBeInstanceOf(DownloadsProblem);
    expect(server.requests).toHaveLength(1);
  });

  it('is not retried if it was aborted', async () => {
    server.script = () => {};
    const controller = new AbortController();
    const failure = failureOf(client.create(['a'], { signal: controller.signal }));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    controller.abort(new Error('enough'));
    expect(await failure).toMatchObject({ message: 'enough' });
    await vi.waitFor(() => expect(server.open).toBe(0));
    expect(server.requests).toHaveLength(1);
  });
});

describe('the client', () => {
  it('lists, gets, cancels and removes downloads, and requests a link and a name', async () => {
    const list = {
      pagination: { count: 1, hasMoreItems: true, totalItems: 5, skipCount: 2, maxItems: 1 },
      entries: [{ entry: PENDING }],
    };
    const link = { contentUrl: 'https://x.example/z', attachment: true, expiryTime: 'soon' };
    server.script = ({ what }, response) => {
      if (what.startsWith('GET /downloads?')) return json(response, { list });
      if (what.startsWith('POST')) return json(response, { entry: link });
      if (what.startsWith('GET')) return json(response, { entry: PENDING });
      const disposition = `attachment; filename="na?ve.zip"; filename*=UTF-8''na%C3%AFve.zip`;
      const status = what.includes('purge') ? 204 : 202;
      return response.writeHead(status, { 'content-disposition': disposition }).end();
    };
    expect(await client.list({ skipCount: 2, maxItems: 1 })).toEqual({
      downloads: [PENDING],
      totalItems: 5,
      hasMoreItems: true,
    });
    expect(await client.get('x')).toEqual(PENDING);
    await client.cancel('x');
    await client.remove('a/b');
    expect(await client.link('x')).toEqual(link);
    expect(await client.archiveName('x')).toBe('naïve.zip');
    expect(server.asked).toEqual([
      'GET /downloads?skipCount=2&maxItems=1',
      'GET /downloads/x',
      'DELETE /downloads/x',
      'DELETE /downloads/a%2Fb?purge=true',
      'POST /downloads/x/request-direct-access-url',
      'HEAD /downloads/x/content',
    ]);
  });

  it('calls a function for the credentials before each request', async () => {
    server.script = (_request, response) => json(response, { entry: PENDING });
    let tokens = 0;
    const authorization = async () => `Bearer ${(tokens += 1)}`;
    const bearer = new DownloadsClient({ baseUrl: server.url, authorization });
    await bearer.get('x');
    await bearer.get('x');
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
    ]);
  });

  it('rejects with the problem in the response', async () => {
    server.script = (_request, response) =>
      problem(response, 429, 'TOO_MANY_REQUESTS', { 'retry-after': '42' });
    const failure = (await failureOf(client.get('x'))) as DownloadsProblem;
    expect(failure).toBeInstanceOf(DownloadsProblem);
    expect(failure.message).toBe('About TOO_MANY_REQUESTS');
    expect(failure.problem).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
    expect(failure.retryAfterMs).toBe(42_000);
  });

  it('rejects with the status of a proxy that sends no problem document', async () => {
    server.script = (_request, response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway');
    const failure = (await failureOf(client.get('x'))) as DownloadsProblem;
    expect(failure.problem).toEqual({ status: 502, title: 'HTTP 502' });
  });

  it.each([
    ['breaks off', '{"entry":'],
    ['is a page', '<html>Log in'],
    ['is about something else', '{"entry":{"id":"x"}}'],
    ['is nothing', ''],
    ['is null', 'null'],
  ])('does not accept a response that %s', async (_what, body) => {
    server.script = (_request, response) => response.end(body);
    expect(await failureOf(client.get('x'))).toBeInstanceOf(ServiceUnreachable);
    expect(await failureOf(client.list())).toBeInstanceOf(ServiceUnreachable);
    expect(await failureOf(client.link('x'))).toBeInstanceOf(ServiceUnreachable);
  });

  it('rejects with the error of the function for the credentials', async () => {
    const locked = new DownloadsClient({
      baseUrl: server.url,
      authorization: () => Promise.reject<string>(new Error('log in first')),
    });
    expect(await failureOf(locked.get('x'))).toMatchObject({ message: 'log in first' });
    expect(server.requests).toEqual([]);
  });
});
