import { CanceledError } from 'axios';
import { PACING } from '../../config/pacing.js';
import { seededRandom } from '../seeded-random.fixture.js';
import { StaleConnectionError, UnsentError } from './connections.js';
import { retry } from './retry.js';
import { type RetryRule, UpstreamEvents, type UpstreamRequest } from './upstream-call.js';
import { type Outcome, endOf, requestOf, sendOutcomes } from './upstream.fixture.js';

const withCode = (code: string) => Object.assign(new Error(`to acs.internal: ${code}`), { code });
const RESET = withCode('ECONNRESET');
const STALE = new StaleConnectionError(RESET);
const UNSENT = new UnsentError(withCode('ECONNREFUSED'));

let events: [string, unknown][];

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** The outcome, and how many requests it took. */
async function outcomeOf(outcomes: Outcome[], more: Partial<UpstreamRequest> = {}) {
  const emitter = new UpstreamEvents();
  emitter.on('retry', (event) => events.push(['retry', event]));
  const { send, sentAt } = sendOutcomes(outcomes);
  const call = retry(PACING.retry, emitter)(send)(requestOf({ retry: 'if-failed', ...more }));
  const result = endOf(call);
  await vi.runAllTimersAsync();
  return { result: await result, requests: sentAt.length, sentAt };
}

describe('a retry', () => {
  describe.each<[RetryRule, Outcome, number]>([
    ['if-failed', RESET, 3],
    ['if-failed', STALE, 4],
    ['if-failed', UNSENT, 3],
    ['if-failed', withCode('UND_ERR_SOCKET'), 3],
    ['if-failed', withCode('EAI_AGAIN'), 3],
    ['if-failed', withCode('CERT_HAS_EXPIRED'), 1],
    ['if-failed', new UnsentError(withCode('CERT_HAS_EXPIRED')), 1],
    ['if-failed', withCode('ANSWER_TOO_LONG'), 1],
    ['if-failed', withCode('UND_ERR_BODY_TIMEOUT'), 1],
    ['if-failed', 502, 3],
    ['if-failed', 503, 3],
    ['if-failed', 504, 3],
    ['if-failed', 500, 1],
    ['if-failed', 429, 1],
    ['if-failed', 401, 1],
    ['if-unsent', UNSENT, 3],
    ['if-unsent', RESET, 1],
    ['if-unsent', STALE, 1],
    ['if-unsent', 503, 1],
    ['never', UNSENT, 1],
    ['never', RESET, 1],
    ['never', 503, 1],
  ])('that retries %s', (rule, outcome, most) => {
    const name =
      outcome instanceof Error
        ? `${outcome.name} ${(outcome as never as { code: string }).code}`
        : outcome;

    it(`sends a request ${most} times at most for ${name}`, async () => {
      const always = Array.from({ length: 9 }, () => outcome);
      const { result, requests } = await outcomeOf(always, { retry: rule });
      expect(requests).toBe(most);
      expect(result).toBe(outcome);
    });
  });

  it('resolves with the response to the last attempt, and reports why there was one', async () => {
    expect(await outcomeOf([RESET, 503])).toMatchObject({ result: 200, requests: 3 });
    expect(events).toEqual([
      ['retry', { operation: 'read', cause: 'ECONNRESET' }],
      ['retry', { operation: 'read', cause: 'status 503' }],
    ]);
  });

  it('retries at once after a stale connection, but only once', async () => {
    const { sentAt } = await outcomeOf([STALE, STALE, 200]);
    expect(sentAt[1]).toBe(0);
    expect(sentAt[2]).toBeGreaterThan(0);
  });

  it('pauses longer each time, and never for the same time as another call', async () => {
    vi.spyOn(Math, 'random').mockImplementation(seededRandom());
    onTestFinished(() => void vi.restoreAllMocks());
    const calls = await Promise.all(
      Array.from({ length: 400 }, () => outcomeOf([UNSENT, UNSENT], { retry: 'if-unsent' })),
    );
    const pauses = calls.map(({ sentAt }) => [sentAt[1]!, sentAt[2]! - sentAt[1]!] as const);
    expect(new Set(pauses.map(([first]) => first)).size).toBeGreaterThan(10);
    const total = (index: 0 | 1) => pauses.reduce((sum, pair) => sum + pair[index], 0);
    expect(total(1)).toBeGreaterThan(total(0));
  });

  it('ends with the last cause when no time is left for another attempt', async () => {
    const { sentAt, result } = await outcomeOf([RESET, RESET, RESET], {
      endsAt: performance.now() + 1,
    });
    expect(sentAt).toEqual([0]);
    expect(result).toBe(RESET);
  });

  it('has the reason of the signal for a failure, once the call has ended', async () => {
    const reason = new Error('the end');
    const signal = AbortSignal.abort(reason);
    const { result, requests } = await outcomeOf([new CanceledError('canceled')], { signal });
    expect(result).toBe(reason);
    expect(requests).toBe(1);
  });
});
