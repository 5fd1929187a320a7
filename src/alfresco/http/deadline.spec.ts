import { getEventListeners } from 'node:events';
import { ClientDisconnectedError, Deadline, TransportTimeoutError, deadline } from './deadline.js';
import type { UpstreamRequest } from './upstream-call.js';
import { endOf, requestOf, sendBy } from './upstream.fixture.js';

const never = () => new Promise<never>(() => {});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a deadline', () => {
  it('does not touch a call that ends in time', async () => {
    const end = new Deadline(1000);
    expect(await end.bound(Promise.resolve('response'))).toBe('response');
    await expect(end.bound(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    end.clear();
    expect(end.aborted).toBe(false);
  });

  it('ends a call that takes too long, whether or not it listens', async () => {
    const end = new Deadline(20);
    const late = expect(end.bound(never())).rejects.toThrow(TransportTimeoutError);
    await vi.advanceTimersByTimeAsync(20);
    await late;
    expect(end.reason).toBeInstanceOf(TransportTimeoutError);
  });

  it('ends a call whose client disconnects', async () => {
    const client = new AbortController();
    const end = new Deadline(10_000, client.signal);
    const call = end.bound(never());
    client.abort();
    await expect(call).rejects.toThrow(ClientDisconnectedError);
    expect(end.reason).toBeInstanceOf(ClientDisconnectedError);
    end.clear();
  });

  it('leaves no listener behind, and ends nothing, once the call is over', async () => {
    const client = new AbortController();
    const end = new Deadline(20, client.signal);
    end.clear();
    expect(getEventListeners(client.signal, 'abort')).toEqual([]);
    await vi.advanceTimersByTimeAsync(40);
    expect(end.aborted).toBe(false);
  });
});

describe('the layer of the deadline', () => {
  const LIMITS = { timeoutMs: 3000, idleTimeoutMs: 5000 };
  const layer = deadline(LIMITS);

  it.each([
    ['read', 3000],
    ['login', 3000],
    ['content', 5000],
    ['resume', 5000],
  ] as const)(
    'gives a %s its time, and those below the signal of its end',
    async (operation, ms) => {
      const request = requestOf({ operation });
      const start = performance.now();
      const result = endOf(layer(never)(request));
      expect(request.endsAt).toBe(start + ms);
      await vi.advanceTimersByTimeAsync(ms);
      expect(await result).toMatchObject({
        code: 'ALFRESCO_TIMEOUT',
        diagnosis: 'TRANSPORT_TIMEOUT',
      });
      expect(request.signal!.reason).toBeInstanceOf(TransportTimeoutError);
    },
  );

  it('keeps to the limit of the request instead', async () => {
    const result = endOf(layer(never)(requestOf({ limitMs: 10 })));
    await vi.advanceTimersByTimeAsync(10);
    expect(await result).toMatchObject({ code: 'ALFRESCO_TIMEOUT' });
  });

  it('sends nothing for a client that has disconnected before', async () => {
    const send = vi.fn(async (_request: UpstreamRequest) => ({ status: 200 }));
    const call = layer(sendBy(send))(requestOf({ disconnected: AbortSignal.abort() }));
    expect(await endOf(call)).toMatchObject({ diagnosis: 'CALLER_GONE' });
    expect(send).not.toHaveBeenCalled();
  });

  it('leaves failures as they are, and no timer behind', async () => {
    const failure = new TypeError('a bug');
    expect(await endOf(layer(() => Promise.reject(failure))(requestOf()))).toBe(failure);
    expect(vi.getTimerCount()).toBe(0);
  });
});
