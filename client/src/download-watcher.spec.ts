import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type DownloadEvent, DownloadsClient, DownloadsProblem } from './index.ts';
import {
  DONE,
  ScriptedServer,
  cut,
  download,
  frame,
  json,
  problem,
  stream,
} from './scripted-server.fixture.ts';
import type { WatchPace } from './watch-pace.ts';

/** Fast, except where a busy machine could be mistaken for silence. */
const PACE: WatchPace = {
  firstByteMs: 5000,
  silenceMs: 5000,
  waitSeconds: 1,
  pollMs: 5,
  sharedPollMs: 5,
  retryMs: 10,
  longestRetryMs: 40,
  stallAfterMs: 60_000,
  pendingStallAfterMs: 60_000,
};
const EVENTS = 'GET /downloads/x/events';
const STATUS = 'GET /downloads/x';

let server: ScriptedServer;
beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(() => server.close());

function client(pace: Partial<WatchPace> = {}, maxHeldConnections = 3): DownloadsClient {
  const options = { baseUrl: server.url, authorization: 'Basic YTpi', maxHeldConnections };
  return new DownloadsClient({ ...options, pace: { ...PACE, ...pace } });
}

/** All events of a download, until `isEnough`. */
async function watch(
  isEnough: (events: readonly DownloadEvent[]) => boolean = () => false,
  watcher = client(),
): Promise<DownloadEvent[]> {
  const events: DownloadEvent[] = [];
  for await (const event of watcher.watch('x')) {
    events.push(event);
    if (isEnough(events)) break;
  }
  return events;
}

const typesOf = (events: readonly DownloadEvent[]) => events.map(({ type }) => type);
const bytesOf = (events: readonly DownloadEvent[]) =>
  events.flatMap((event) => ('entry' in event ? [event.entry.bytesAdded] : []));
const has = (count: number, type: DownloadEvent['type']) => (events: readonly DownloadEvent[]) =>
  events.filter((event) => event.type === type).length >= count;

/** Blocks event streams; polls get these responses in turn, and the last one repeatedly. */
function respondingWith(...responses: readonly ReturnType<typeof download>[]): void {
  let asked = 0;
  server.script = ({ what }, response) => {
    if (what === EVENTS) return response.writeHead(404).end('<html>');
    const entry = responses[Math.min(asked, responses.length - 1)]!;
    asked += 1;
    return json(response, { entry }, { etag: `"${entry.status}.${entry.bytesAdded}"` });
  };
}

describe('watching a download', () => {
  it('yields each event of the stream unchanged, and ends after the last', async () => {
    const moving = { percent: 50, bytesPerSecond: 250, remainingSeconds: 2 };
    const data = JSON.stringify({ entry: download(), ...moving });
    server.script = (_request, response) => {
      stream(response, `event: progress\ndata: ${data}\n\n`, ':\n\n', frame('done', DONE));
    };
    expect(await watch()).toEqual([
      { type: 'progress', entry: download(), ...moving },
      { type: 'done', entry: DONE, percent: 100 },
    ]);
    expect(server.asked).toEqual([EVENTS]);
    expect(server.requests[0]!.headers).toMatchObject({
      accept: 'text/event-stream',
      authorization: 'Basic YTpi',
      'x-requested-with': 'XMLHttpRequest',
    });
    expect(server.requests[0]!.headers).not.toHaveProperty('last-event-id');
  });

  it.each([
    ['cancelled', 'CANCELLED'],
    ['too-large', 'MAX_CONTENT_SIZE_EXCEEDED'],
  ] as const)('ends after %s', async (type, status) => {
    server.script = (_request, response) => stream(response, frame(type, download({ status })));
    expect(typesOf(await watch())).toEqual([type]);
  });

  it('ends after gone, with the problem', async () => {
    const gone = { status: 404, code: 'DOWNLOAD_NOT_FOUND', title: 'No', detail: 'No such' };
    server.script = (_request, response) =>
      stream(response, `event: gone\ndata: ${JSON.stringify(gone)}\n\n`);
    expect(await watch()).toEqual([{ type: 'gone', problem: gone }]);
  });

  it('says since when a stalled download has not changed', async () => {
    const unchangedSince = '2026-11-24T01:00:00.000Z';
    const data = JSON.stringify({ entry: download(), percent: 50, unchangedSince });
    server.script = (_request, response) =>
      stream(response, `event: stalled\ndata: ${data}\n\n`, frame('done', DONE));
    expect((await watch())[0]).toEqual({
      type: 'stalled',
      entry: download(),
      percent: 50,
      unchangedSince,
    });
  });

  it('ignores unknown events', async () => {
    server.script = (_request, response) =>
      stream(response, 'event: applause\ndata: none of your JSON\n\n', frame('done', DONE));
    expect(typesOf(await watch())).toEqual(['done']);
  });

  it('resumes after its last event when the stream ends too early', async () => {
    server.script = ({ headers }, response) => {
      const isFirst = headers['last-event-id'] === undefined;
      stream(response, isFirst ? frame('progress', download(), 'é 1') : frame('done', DONE)).end();
    };
    const events = await watch();
    expect(typesOf(events)).toEqual(['progress', 'reconnecting', 'done']);
    expect(events[1]).toMatchObject({ attempt: 1, reason: expect.any(Error) as Error });
    expect(server.asked).toEqual([EVENTS, EVENTS]);
    const header = server.requests[1]!.headers['last-event-id'] as string;
    expect(Buffer.from(header, 'latin1').toString('utf8')).toBe('é 1');
  });

  it('yields the last state again once it has reconnected, even if nothing has changed', async () => {
    let streams = 0;
    let second: ServerResponse;
    server.script = (_request, response) => {
      streams += 1;
      if (streams === 1) stream(response, frame('progress', download())).end();
      else second = stream(response);
    };
    const events = await watch((seen) => {
      if (seen.length === 3) second.write(frame('done', DONE));
      return false;
    });
    expect(typesOf(events)).toEqual(['progress', 'reconnecting', 'progress', 'done']);
    expect(events[2]).toEqual(events[0]);
  });

  it('replaces a dead connection', async () => {
    let streams = 0;
    server.script = (_request, response) => {
      streams += 1;
      stream(response, streams === 1 ? frame('progress', download()) : frame('done', DONE));
    };
    expect(typesOf(await watch(undefined, client({ silenceMs: 100 })))).toEqual([
      'progress',
      'reconnecting',
      'done',
    ]);
    expect(server.open).toBeLessThanOrEqual(1);
  });

  it('accepts a heartbeat as a sign of life', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => {
      timers.mockRestore();
      vi.useRealTimers();
    });
    const silenceMs = 500;
    /** The client has received this many pieces and waits for another one. */
    const waitsAgain = async (pieces: number) => {
      while (timers.mock.calls.filter(([, ms]) => ms === silenceMs).length < pieces) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    server.script = async (_request, response) => {
      stream(response, frame('progress', download()));
      for (let beats = 1; beats <= 3; beats += 1) {
        await waitsAgain(beats);
        vi.advanceTimersByTime(0.8 * silenceMs);
        response.write(':\n\n');
      }
      await waitsAgain(4);
      response.write(frame('done', DONE));
    };
    expect(typesOf(await watch(undefined, client({ silenceMs })))).toEqual(['progress', 'done']);
  });

  it('waits longer each time while the service is unreachable, and reconnects afterwards', async () => {
    server.script = (_request, response) => stream(response, frame('progress', download()));
    const events: DownloadEvent[] = [];
    for await (const event of client().watch('x')) {
      events.push(event);
      if (events.length === 1) await server.close();
      if (event.type === 'reconnecting' && event.attempt === 5) {
        server.script = ({ what }, response) =>
          what === STATUS
            ? json(response, { entry: download({ bytesAdded: 600 }) })
            : stream(response, frame('done', DONE));
        await server.listen();
      }
    }
    const lost = events.filter((event) => event.type === 'reconnecting');
    expect(lost.slice(0, 5).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    for (const { attempt, retryInMs } of lost) {
      const backOff = Math.min(20 * 2 ** (attempt - 1), PACE.longestRetryMs);
      expect(retryInMs).toBeGreaterThanOrEqual(Math.floor(backOff * 0.75));
      expect(retryInMs).toBeLessThanOrEqual(Math.ceil(backOff * 1.25));
    }
    expect(typesOf(events.filter((event) => event.type !== 'reconnecting'))).toEqual([
      'progress',
      'progress',
      'done',
    ]);
    expect(server.asked).toEqual([EVENTS, STATUS, EVENTS]);
  });

  it.each([
    ['429', 429, 'TOO_MANY_REQUESTS'],
    ['503', 503, 'STORE_UNAVAILABLE'],
  ])('waits for as long as the service asks with %s', async (_name, status, code) => {
    server.script = (_request, response) => problem(response, status, code, { 'retry-after': '7' });
    const [event] = await watch(has(1, 'reconnecting'));
    expect(event).toMatchObject({ type: 'reconnecting', attempt: 1, retryInMs: 7000 });
    expect(event).toHaveProperty('reason.problem.code', code);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['401', 401, 'UNAUTHENTICATED'],
    ['403', 403, 'FORBIDDEN'],
    ['400', 400, 'INVALID_ID'],
  ])('throws the problem if retrying cannot help: %s', async (_name, status, code) => {
    server.script = (_request, response) => problem(response, status, code);
    const error = await watch().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DownloadsProblem);
    expect((error as DownloadsProblem).problem).toMatchObject({ status, code });
  });

  it('ends if the download does not exist from the start', async () => {
    server.script = (_request, response) => problem(response, 404, 'DOWNLOAD_NOT_FOUND');
    expect(await watch()).toMatchObject([
      { type: 'gone', problem: { code: 'DOWNLOAD_NOT_FOUND', detail: 'About DOWNLOAD_NOT_FOUND' } },
    ]);
  });
});

describe('where event streams are blocked', () => {
  const half = download();
  const more = download({ bytesAdded: 750 });

  it.each<[string, (response: Parameters<typeof cut>[0]) => void]>([
    ['a proxy does not know the path', (response) => response.writeHead(404).end('<html>')],
    ['a proxy rejects the type', (response) => response.writeHead(406).end()],
    ['a proxy responds with a page', (response) => response.end('<html>')],
    ['there is no response body', (response) => response.writeHead(204).end()],
    ['a proxy fails', (response) => response.writeHead(502).end('<html>')],
    ['the connection is closed', (response) => cut(response)],
    ['the stream ends at once', (response) => stream(response).end()],
    [
      'a proxy keeps the stream to itself',
      (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
    ],
    ['nothing arrives at all', () => {}],
    ['events are not JSON', (response) => stream(response, 'event: done\ndata: {"entry\n\n')],
    ['events are about nothing', (response) => stream(response, 'event: done\ndata: null\n\n')],
    [
      'events have no status',
      (response) => stream(response, 'event: done\ndata: {"entry":{}}\n\n'),
    ],
    [
      'events have no percentage',
      (response) =>
        stream(response, `event: progress\ndata: {"entry":${JSON.stringify(half)}}\n\n`),
    ],
    ['a frame never ends', (response) => flood(stream(response, 'data: '))],
    ['a frame never ends, and is slow', (response) => drip(stream(response, 'data: '))],
    ['the stream breaks off within a frame', (response) => stream(response, 'event: do').end()],
  ])('polls instead: %s', async (_why, respondToStream) => {
    const responses = [half, half, more, more, DONE];
    server.script = ({ what }, response) => {
      if (what === EVENTS) respondToStream(response);
      else json(response, { entry: responses.shift() ?? DONE });
    };
    const events = await watch(undefined, client({ firstByteMs: 100 }));
    expect(typesOf(events.filter(({ type }) => type !== 'reconnecting'))).toEqual([
      'progress',
      'progress',
      'done',
    ]);
    expect(bytesOf(events)).toEqual([500, 750, 1000]);
    expect(server.asked.filter((what) => what === EVENTS).length).toBeLessThanOrEqual(2);
    expect(server.asked.at(-1)).toBe(STATUS);
  });

  it('lets the service wait for a change, and yields the same events', async () => {
    respondingWith(half, more, DONE);
    const events = await watch();
    expect(events).toEqual([
      { type: 'progress', entry: half, percent: 50 },
      {
        type: 'progress',
        entry: more,
        percent: 75,
        bytesPerSecond: expect.any(Number) as number,
        remainingSeconds: expect.any(Number) as number,
      },
      { type: 'done', entry: DONE, percent: 100 },
    ]);
    expect(server.requests.slice(1).map(({ headers }) => headers.prefer)).toEqual([
      undefined,
      'wait=1',
      'wait=1',
    ]);
    expect(server.requests[2]!.headers['if-none-match']).toBe('"IN_PROGRESS.500"');
  });

  it('yields nothing if nothing has changed', async () => {
    let asked = 0;
    server.script = ({ what }, response) => {
      if (what === EVENTS) return response.writeHead(404).end();
      asked += 1;
      if (asked === 5) return json(response, { entry: DONE });
      if (asked > 1) return response.writeHead(304, { etag: '"a"' }).end();
      return json(response, { entry: half }, { etag: '"a"' });
    };
    expect(typesOf(await watch())).toEqual(['progress', 'done']);
    expect(asked).toBe(5);
  });

  it('reports a download that does not change as stalled, once, until it changes', async () => {
    const responses = [half, half, half, half, half, more];
    server.script = ({ what }, response) => {
      if (what === EVENTS) return response.writeHead(404).end();
      return json(response, { entry: responses.shift() ?? DONE });
    };
    const events = await watch(undefined, client({ stallAfterMs: 1 }));
    expect(typesOf(events)).toEqual(['progress', 'stalled', 'progress', 'done']);
    expect(events[1]).toMatchObject({
      unchangedSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    });
  });

  it('does not report a queued download as stalled until that takes longer than usual', async () => {
    const waiting = download({ status: 'PENDING', totalBytes: 0, totalFiles: 0 });
    const watchWaiting = async (pace: Partial<WatchPace>) => {
      const responses = [waiting, waiting, waiting];
      server.script = ({ what }, response) => {
        if (what === EVENTS) return response.writeHead(404).end();
        return json(response, { entry: responses.shift() ?? DONE });
      };
      return typesOf(await watch(undefined, client(pace)));
    };
    expect(await watchWaiting({ stallAfterMs: 1 })).toEqual(['progress', 'done']);
    const pace = { stallAfterMs: 1, pendingStallAfterMs: 1 };
    expect(await watchWaiting(pace)).toEqual(['progress', 'stalled', 'done']);
  });

  it('lets the service wait no longer than until a download counts as stalled', async () => {
    respondingWith(half, half, DONE);
    await watch(undefined, client({ waitSeconds: 25, stallAfterMs: 3000 }));
    expect(server.requests[2]!.headers.prefer).toMatch(/^wait=[123]$/);
  });

  it('reports failures, continues, and yields the state again', async () => {
    let asked = 0;
    server.script = ({ what }, response) => {
      if (what === EVENTS) return response.writeHead(404).end();
      asked += 1;
      if (asked === 2) return problem(response, 502, 'ALFRESCO_UNREACHABLE');
      if (asked === 3) return response.end('<html>a login page');
      if (asked === 4) return cut(response);
      json(response, { entry: asked < 6 ? half : DONE });
    };
    const events = await watch();
    expect(typesOf(events)).toEqual([
      'progress',
      'reconnecting',
      'reconnecting',
      'reconnecting',
      'progress',
      'done',
    ]);
  });

  it('pauses between polls even if the service always responds at once', async () => {
    let bytes = 0;
    server.script = ({ what }, response) => {
      if (what === EVENTS) return response.writeHead(404).end();
      bytes += 1;
      return json(response, { entry: download({ bytesAdded: bytes }) }, { etag: `"${bytes}"` });
    };
    const pauses = countPauses();
    await watch(has(20, 'progress'), client({ pollMs: 7 }));
    expect(pauses().filter((ms) => ms === 7).length).toBeGreaterThanOrEqual(19);
  });

  it('honours Retry-After between polls', async () => {
    server.script = ({ what }, response) => {
      if (what === EVENTS) return response.writeHead(404).end();
      return json(response, { entry: half }, { 'retry-after': '3' });
    };
    const pauses = countPauses();
    const controller = new AbortController();
    for await (const { type } of client().watch('x', { signal: controller.signal })) {
      expect(type).toBe('progress');
      setTimeout(() => controller.abort(), 50);
    }
    expect(pauses()).toContain(3000);
  });
});

describe('a service that ends every stream at once', () => {
  it('is contacted only after a pause each time, even if each stream had an event', async () => {
    server.script = (_request, response) =>
      stream(response, 'retry: 0\n\n', frame('progress', download())).end();
    const events = await watch(has(8, 'reconnecting'), client({ pollMs: 8 }));
    for (const event of events) {
      if (event.type === 'reconnecting') expect(event.retryInMs).toBeGreaterThanOrEqual(6);
    }
    expect(server.requests).toHaveLength(8);
  });

  it('is contacted at increasing intervals if it does not respond to polls either', async () => {
    server.script = (_request, response) => cut(response);
    const events = await watch(has(6, 'reconnecting'));
    expect(events.map((event) => (event as { attempt: number }).attempt)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    expect(server.requests.length).toBeLessThanOrEqual(8);
  });
});

describe('a watcher', () => {
  it.each<[string, (response: Parameters<typeof cut>[0]) => void]>([
    ['while it reads a stream', (response) => stream(response, frame('progress', download()))],
    ['while it connects', () => {}],
    ['while it waits for the next attempt', (response) => cut(response)],
  ])('stops when aborted, %s, and leaves nothing behind', async (_when, script) => {
    server.script = (_request, response) => script(response);
    const controller = new AbortController();
    const { signal } = controller;
    const watched = (async () => {
      const patient = client({
        firstByteMs: 60_000,
        silenceMs: 60_000,
        retryMs: 60_000,
        longestRetryMs: 60_000,
      });
      for await (const event of patient.watch('x', { signal })) void event;
    })();
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(0));
    controller.abort();
    await watched;
    await vi.waitFor(() => expect(server.open).toBe(0));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('sends no request if it was aborted before', async () => {
    const events: DownloadEvent[] = [];
    for await (const event of client().watch('x', { signal: AbortSignal.abort() }))
      events.push(event);
    expect(events).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  it('closes its connection when the loop is left', async () => {
    server.script = (_request, response) => stream(response, frame('progress', download()));
    await watch(has(1, 'progress'), client({ silenceMs: 60_000 }));
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it('leaves no listeners on a long-lived signal, however often it reconnects', async () => {
    server.script = (_request, response) => stream(response, frame('progress', download())).end();
    const { signal } = new AbortController();
    let count = 0;
    for await (const { type } of client().watch('x', { signal })) {
      if (type === 'reconnecting') count += 1;
      if (count === 10) break;
    }
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
  });
});

describe('several watchers of one client', () => {
  it('keep no more connections open than allowed, and the others poll', async () => {
    server.script = ({ what }, response) =>
      what.endsWith('/events')
        ? stream(response, frame('progress', download()))
        : json(response, { entry: download() });
    const controller = new AbortController();
    const sharing = client({ silenceMs: 60_000, sharedPollMs: 10 }, 2);
    const watchers = ['a', 'b', 'c', 'd'].map(async (id) => {
      for await (const event of sharing.watch(id, { signal: controller.signal })) void event;
    });
    const asked = (id: string) =>
      server.requests.filter(({ what }) => what === `GET /downloads/${id}`);
    await vi.waitFor(() => expect(asked('d').length).toBeGreaterThan(3));
    expect(server.asked.filter((what) => what.endsWith('/events'))).toEqual([
      'GET /downloads/a/events',
      'GET /downloads/b/events',
    ]);
    expect(asked('d').map(({ headers }) => headers.prefer)).not.toContain('wait=1');
    controller.abort();
    await Promise.all(watchers);
  });

  it('read a stream as soon as a connection is free', async () => {
    server.script = ({ what }, response) => {
      if (what === 'GET /downloads/a/events') {
        stream(response, frame('progress', download()));
        setTimeout(() => response.end(frame('done', DONE)), 60);
      } else if (what.endsWith('/events')) stream(response, frame('done', DONE));
      else json(response, { entry: download() });
    };
    const sharing = client({}, 1);
    await Promise.all(
      ['a', 'b'].map(async (id) => {
        for await (const event of sharing.watch(id)) void event;
      }),
    );
    expect(server.asked.at(-1)).toBe('GET /downloads/b/events');
  });
});

/** Sends endlessly, as fast as the client reads. */
function flood(response: ReturnType<typeof stream>): void {
  const more = () => response.write('x'.repeat(64 * 1024), (error) => !error && more());
  more();
}

/** Sends an endless line, for longer than the first byte may take. */
function drip(response: ReturnType<typeof stream>): void {
  const timer = setInterval(() => response.write('x'), 20);
  setTimeout(() => {
    clearInterval(timer);
    cut(response);
  }, 200);
}

/** Records the delays of all timers from now on. */
function countPauses(): () => (number | undefined)[] {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => spy.mockRestore());
  return () => spy.mock.calls.map(([, ms]) => ms);
}
