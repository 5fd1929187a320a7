import { CanceledError } from 'axios';
import { ProblemException } from '../../problems/problem.exception.js';
import { seededRandom } from '../seeded-random.fixture.js';
import { StaleConnectionError, UnsentError } from './connections.js';
import type { CircuitBreakers } from './circuit-breaker.js';
import type { UpstreamPipeline } from './pipeline.js';
import type { Layer, Operation, RetryRule, UpstreamRequest } from './upstream-call.js';
import { createPipeline, requestOf, sendBy } from './upstream.fixture.js';

const LIMITS = { timeoutMs: 3000, idleTimeoutMs: 5000 };
const OK = { status: 200 };

const withCode = (code: string) => Object.assign(new Error(`to acs.internal: ${code}`), { code });
const RESET = withCode('ECONNRESET');
const STALE = new StaleConnectionError(RESET);
const UNSENT = new UnsentError(withCode('ECONNREFUSED'));

let pipeline: UpstreamPipeline;
let breakers: CircuitBreakers;
let events: [string, unknown][];

beforeEach(() => {
  vi.useFakeTimers();
  const created = createPipeline(LIMITS);
  ({ pipeline, breakers } = created);
  events = [];
  for (const name of ['retry', 'rejection', 'breaker', 'resume'] as const)
    created.events.on(name, (event: unknown) => events.push([name, event]));
});
afterEach(() => {
  vi.useRealTimers();
});

type Outcome = number | Error | 'never';

/** A call whose requests come to these ends, one after the other. */
function run(outcomes: Outcome[], more: Partial<UpstreamRequest> = {}) {
  const sentAt: number[] = [];
  const start = performance.now();
  const transport = sendBy(({ signal }) => {
    sentAt.push(Math.round(performance.now() - start));
    const outcome = outcomes[sentAt.length - 1] ?? 200;
    if (typeof outcome === 'number') return Promise.resolve({ status: outcome });
    return outcome === 'never' ? untilAborted(signal!) : Promise.reject(outcome);
  });
  const result = pipeline
    .compose(transport)(requestOf({ retry: 'if-failed', ...more }))
    .then(
      ({ status }) => status,
      (error: unknown) => error,
    );
  return { sentAt, result };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  );
}

/** Credentials that take too long. */
const slowLogin: Layer = (next) => async (request) => {
  await new Promise((resolve) => setTimeout(resolve, LIMITS.timeoutMs + 1));
  return next(request);
};

/** The outcome, and how many requests it took. */
async function outcomeOf(outcomes: Outcome[], more?: Partial<UpstreamRequest>) {
  const { sentAt, result } = run(outcomes, more);
  await vi.runAllTimersAsync();
  return { result: await result, requests: sentAt.length, sentAt };
}

/** Five calls that find nobody. */
async function gone(operation: Operation): Promise<void> {
  for (let count = 0; count < 5; count += 1)
    await run([RESET], { operation, retry: 'never' }).result;
}

const problem = (code: string, diagnosis?: string) =>
  expect.objectContaining({ code, ...(diagnosis !== undefined && { diagnosis }) });

describe('the policy', () => {
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
      if (typeof outcome === 'number') expect(result).toBe(outcome);
      else expect(result).toBeInstanceOf(ProblemException);
    });
  });

  it('gives the answer to the repeated request, and tells why there was one', async () => {
    expect(await outcomeOf([RESET, 503])).toMatchObject({ result: 200, requests: 3 });
    expect(events).toEqual([
      ['retry', { operation: 'read', cause: 'ECONNRESET' }],
      ['retry', { operation: 'read', cause: 'status 503' }],
    ]);
  });

  it('reports the last of several failures, without the name of the host', async () => {
    const { result } = await outcomeOf([503, UNSENT, RESET]);
    expect(result).toEqual(problem('ALFRESCO_UNREACHABLE', 'ECONNRESET'));
    expect(JSON.stringify(result)).not.toContain('acs.internal');
  });

  it('repeats at once after a stale connection, but only once', async () => {
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
    const { sentAt, result } = await outcomeOf([RESET, RESET, RESET], { limitMs: 1 });
    expect(sentAt).toEqual([0]);
    expect(result).toEqual(problem('ALFRESCO_UNREACHABLE', 'ECONNRESET'));
  });

  it.each([
    ['read', LIMITS.timeoutMs],
    ['write', LIMITS.timeoutMs],
    ['login', LIMITS.timeoutMs],
    ['probe', LIMITS.timeoutMs],
    ['content', LIMITS.idleTimeoutMs],
  ] as const)('gives up a %s after its time, repetitions included', async (operation, limitMs) => {
    const start = performance.now();
    const { result, requests } = await outcomeOf([RESET, 'never'], { operation });
    expect(result).toEqual(problem('ALFRESCO_TIMEOUT', 'TRANSPORT_TIMEOUT'));
    expect(requests).toBe(2);
    expect(performance.now() - start).toBe(limitMs);
  });

  it('counts the time before the first request, as for a login', async () => {
    const send = vi.fn(() => Promise.resolve(OK));
    const call = pipeline.compose(sendBy(send), { credentials: slowLogin });
    const failure = call(requestOf({ retry: 'if-failed' })).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await failure).toEqual(problem('ALFRESCO_TIMEOUT'));
    expect(send).not.toHaveBeenCalled();
    expect(breakers.states()).toContainEqual({ operation: 'read', state: 'closed' });
  });

  it('leaves what is thrown beside the requests as it is', async () => {
    const failure = new TypeError('a bug');
    const call = pipeline.compose(
      sendBy(async () => OK),
      { credentials: () => () => Promise.reject(failure) },
    );
    await expect(call(requestOf({ retry: 'if-failed' }))).rejects.toBe(failure);
  });

  describe('for a caller who leaves', () => {
    it('sends nothing when he has left before', async () => {
      const { requests, result } = await outcomeOf([200], { client: AbortSignal.abort() });
      expect(requests).toBe(0);
      expect(result).toBeInstanceOf(ProblemException);
    });

    it.each<[string, Outcome]>([
      ['during a pause', RESET],
      ['during a request', 'never'],
    ])('sends nothing any more: %s', async (_when, outcome) => {
      const client = new AbortController();
      const { sentAt, result } = run([outcome, outcome, outcome], { client: client.signal });
      await vi.advanceTimersByTimeAsync(0);
      client.abort();
      expect(await result).toBeInstanceOf(ProblemException);
      await vi.runAllTimersAsync();
      expect(sentAt).toHaveLength(1);
    });

    it.each<[string, Outcome]>([
      ['of the signal', 'never'],
      ['of its own, as axios and streams have', new CanceledError('canceled')],
    ])(
      'takes no disconnect for a failure of Alfresco: with an error %s',
      async (_error, outcome) => {
        for (let count = 0; count < 9; count += 1) {
          const client = new AbortController();
          const { result } = run([outcome], { client: client.signal });
          client.abort();
          await result;
        }
        expect(breakers.states().every(({ state }) => state === 'closed')).toBe(true);
      },
    );
  });

  describe('with a breaker', () => {
    it('refuses at once what will fail, before a login is made for it, and says when to come back', async () => {
      await gone('read');
      const work = vi.fn(() => Promise.resolve({} as never));
      const call = pipeline.compose(
        sendBy(async () => OK),
        { credentials: () => work },
      );
      const refused = await call(requestOf({ retry: 'if-failed' })).catch(
        (error: unknown) => error,
      );
      expect(refused).toEqual(problem('ALFRESCO_UNAVAILABLE', 'the breaker for read is open'));
      expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(work).not.toHaveBeenCalled();
      expect(events.slice(-2)).toEqual([
        ['breaker', { operation: 'read', state: 'open' }],
        ['rejection', { operation: 'read', reason: 'breaker' }],
      ]);
    });

    it('refuses a request that comes after the breaker opened, though its call began before', async () => {
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      const send = vi.fn(() => Promise.resolve(OK));
      const credentials: Layer = (next) => async (request) => {
        await begun;
        return next(request);
      };
      const call = pipeline.compose(sendBy(send), { credentials })(
        requestOf({ retry: 'if-failed' }),
      );
      await gone('read');
      begin();
      await expect(call).rejects.toEqual(problem('ALFRESCO_UNAVAILABLE'));
      expect(send).not.toHaveBeenCalled();
    });

    it('keeps operations apart', async () => {
      await gone('write');
      expect(breakers.states()).toEqual([
        { operation: 'read', state: 'closed' },
        { operation: 'write', state: 'open' },
        { operation: 'content', state: 'closed' },
        { operation: 'login', state: 'closed' },
      ]);
      expect((await outcomeOf([200])).result).toBe(200);
    });

    it('counts a call as one failure, however often its request is sent', async () => {
      for (let count = 0; count < 4; count += 1) {
        expect((await outcomeOf([RESET, RESET, RESET])).requests).toBe(3);
      }
      expect(breakers.states()[0]).toEqual({ operation: 'read', state: 'closed' });
    });

    it('never refuses the probe', async () => {
      for (let count = 0; count < 20; count += 1) {
        const { requests } = await outcomeOf([RESET], { operation: 'probe', retry: 'never' });
        expect(requests).toBe(1);
      }
    });
  });
});
