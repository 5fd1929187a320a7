import { CircuitBreaker } from './circuit-breaker.js';
import { UnsentError } from './connections.js';
import { ClientDisconnectedError, TransportTimeoutError } from './deadline.js';
import type { BreakerState } from './upstream-call.js';

const OUTAGE = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
const REFUSAL = new UnsentError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));

let breaker: CircuitBreaker;
let states: BreakerState[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  states = [];
  breaker = new CircuitBreaker('read', (state) => states.push(state));
});
afterEach(() => {
  vi.useRealTimers();
});

/** One call, as the layers make it. */
async function call(outcome: () => unknown): Promise<unknown> {
  try {
    breaker.admit();
    return await breaker.execute(async () => outcome());
  } catch (error) {
    return error;
  }
}
const fails = (error: unknown) => () => {
  throw error;
};
const responds = (status: number) => () => ({ status });
const REJECTED = expect.objectContaining({ code: 'ALFRESCO_UNAVAILABLE' });

async function open(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await call(fails(OUTAGE));
}
const pass = (ms: number) => vi.advanceTimersByTime(ms);
const retryAfter = async () =>
  ((await call(responds(200))) as { headers: Record<string, string> }).headers['retry-after'];

describe('a breaker', () => {
  it.each([
    ['failures of the connection', fails(OUTAGE)],
    ['timeouts', fails(new TransportTimeoutError('late'))],
    ['502', responds(502)],
    ['503', responds(503)],
    ['504', responds(504)],
  ])('opens after five %s in a row, and then lets nothing through', async (_name, outcome) => {
    for (let count = 0; count < 4; count += 1) expect(await call(outcome)).not.toEqual(REJECTED);
    expect(breaker.state).toBe('closed');
    await call(outcome);
    expect(breaker.state).toBe('open');
    const request = vi.fn(responds(200));
    expect(await call(request)).toEqual(REJECTED);
    expect(request).not.toHaveBeenCalled();
    expect(states).toEqual(['open']);
  });

  it.each([
    ['404', responds(404)],
    ['429', responds(429)],
    ['500', responds(500)],
    ['200', responds(200)],
    ['a response that is not HTTP', fails(Object.assign(new Error(), { name: 'HTTPParserError' }))],
    ['clients that disconnect', fails(new ClientDisconnectedError('gone'))],
  ])('stays closed with any number of %s', async (_name, outcome) => {
    for (let count = 0; count < 20; count += 1) await call(outcome);
    expect(breaker.state).toBe('closed');
  });

  it('opens for refused connections unless it tolerates them', async () => {
    for (let count = 0; count < 5; count += 1) await call(fails(REFUSAL));
    expect(breaker.state).toBe('open');
  });

  describe('that tolerates refused connections', () => {
    beforeEach(() => {
      breaker = new CircuitBreaker('read', (state) => states.push(state), {
        toleratesRefusal: true,
      });
    });

    it('stays closed with any number of them', async () => {
      for (let count = 0; count < 20; count += 1) expect(await call(fails(REFUSAL))).toBe(REFUSAL);
      expect(breaker.state).toBe('closed');
    });

    it('opens for five other failures, with refused connections in between', async () => {
      for (let count = 0; count < 5; count += 1) {
        await call(fails(OUTAGE));
        await call(fails(REFUSAL));
      }
      expect(breaker.state).toBe('open');
    });

    it('opens for connections that cannot be made in time, which callers would wait for', async () => {
      const late = Object.assign(new Error(), { code: 'UND_ERR_CONNECT_TIMEOUT' });
      for (let count = 0; count < 5; count += 1) await call(fails(new UnsentError(late)));
      expect(breaker.state).toBe('open');
    });

    it('stays open when the connection of the probe is refused', async () => {
      await open();
      pass(1000);
      expect(await call(fails(REFUSAL))).toBe(REFUSAL);
      expect(breaker.state).toBe('open');
    });
  });

  it('stays closed when there is a success in between', async () => {
    for (let count = 0; count < 20; count += 1) {
      await call(count % 5 === 4 ? responds(200) : fails(OUTAGE));
    }
    expect(states).toEqual([]);
  });

  it('says when to come back, in whole seconds', async () => {
    await open();
    expect(await retryAfter()).toBe('1');
    pass(999);
    expect(await retryAfter()).toBe('1');
  });

  it('lets one call find out, rejects the others meanwhile, and closes when it succeeds', async () => {
    await open();
    pass(1000);
    expect(breaker.state).toBe('half-open');
    const { promise, resolve: finish } = Promise.withResolvers<unknown>();
    const probe = call(() => promise);
    expect(await call(responds(200))).toEqual(REJECTED);
    expect(await retryAfter()).toBe('1');
    finish({ status: 200 });
    await probe;
    expect(breaker.state).toBe('closed');
    expect(states).toEqual(['open', 'half-open', 'closed']);
    expect(await call(responds(200))).toEqual({ status: 200 });
  });

  it('waits twice as long after each failure to recover, up to sixteen seconds', async () => {
    await open();
    const waits = [];
    for (let round = 0; round < 6; round += 1) {
      waits.push(Number(await retryAfter()));
      pass(waits.at(-1)! * 1000);
      await call(fails(OUTAGE));
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 16]);
    pass(16_000);
    await call(responds(200));
    await open();
    expect(await retryAfter()).toBe('1');
  });

  it('learns nothing from a probe whose client disconnects', async () => {
    await open();
    pass(1000);
    await call(fails(new ClientDisconnectedError('gone')));
    expect(breaker.state).toBe('open');
    expect(await retryAfter()).toBe('1');
    pass(1000);
    await call(responds(200));
    expect(breaker.state).toBe('closed');
  });

  it('is not affected by a clock that is set back', async () => {
    await open();
    vi.setSystemTime(Date.now() - 3_600_000);
    pass(1000);
    expect(await call(responds(200))).toEqual({ status: 200 });
    expect(breaker.state).toBe('closed');
  });
});
