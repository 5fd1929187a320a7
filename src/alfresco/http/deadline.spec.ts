import { getEventListeners } from 'node:events';
import { ClientDisconnectedError, Deadline, TransportTimeoutError } from './deadline.js';

const never = () => new Promise<never>(() => {});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a deadline', () => {
  it('lets a call that ends in time be', async () => {
    const deadline = new Deadline(1000);
    expect(await deadline.bound(Promise.resolve('answer'))).toBe('answer');
    await expect(deadline.bound(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    deadline.clear();
    expect(deadline.signal.aborted).toBe(false);
  });

  it('ends a call that takes too long, whether or not it listens', async () => {
    const deadline = new Deadline(20);
    const late = expect(deadline.bound(never())).rejects.toThrow(TransportTimeoutError);
    await vi.advanceTimersByTimeAsync(20);
    await late;
    expect(deadline.signal.reason).toBeInstanceOf(TransportTimeoutError);
    expect(deadline.remainingMs).toBeLessThanOrEqual(0);
  });

  it('ends a call whose caller leaves', async () => {
    const caller = new AbortController();
    const deadline = new Deadline(10_000, caller.signal);
    const call = deadline.bound(never());
    caller.abort();
    await expect(call).rejects.toThrow(ClientDisconnectedError);
    expect(deadline.signal.reason).toBeInstanceOf(ClientDisconnectedError);
    deadline.clear();
  });

  it('holds nothing of a caller, and ends nothing any more, once the call is over', async () => {
    const caller = new AbortController();
    const deadline = new Deadline(20, caller.signal);
    deadline.clear();
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    await vi.advanceTimersByTimeAsync(40);
    expect(deadline.signal.aborted).toBe(false);
  });
});
