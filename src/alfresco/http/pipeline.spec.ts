import type { HttpService } from '@nestjs/axios';
import { CanceledError } from 'axios';
import { ProblemException } from '../../problems/problem.exception.js';
import { UnsentError } from './connections.js';
import type { CircuitBreakers } from './circuit-breaker.js';
import type { UpstreamPipeline } from './pipeline.js';
import type { Layer, Operation, UpstreamRequest } from './upstream-call.js';
import {
  type Outcome,
  createPipeline,
  endOf,
  requestOf,
  sendBy,
  sendOutcomes,
} from './upstream.fixture.js';

const LIMITS = { timeoutMs: 3000, idleTimeoutMs: 5000 };
const OK = { status: 200 };

const withCode = (code: string) => Object.assign(new Error(`to acs.internal: ${code}`), { code });
const RESET = withCode('ECONNRESET');
const UNSENT = new UnsentError(withCode('ECONNREFUSED'));

let pipeline: UpstreamPipeline;
let breakers: CircuitBreakers;
let http: HttpService;
let events: [string, unknown][];

beforeEach(() => {
  vi.useFakeTimers();
  const created = createPipeline(LIMITS);
  ({ pipeline, breakers, http } = created);
  events = [];
  for (const name of ['retry', 'rejection', 'breaker', 'resume'] as const)
    created.events.on(name, (event: unknown) => events.push([name, event]));
});
afterEach(() => {
  vi.useRealTimers();
});

/** Credentials that take too long. */
const slowLogin: Layer = (next) => async (request) => {
  await new Promise((resolve) => setTimeout(resolve, LIMITS.timeoutMs + 1));
  return next(request);
};

/** A call whose requests come to these ends, one after the other. */
function run(outcomes: Outcome[], more: Partial<UpstreamRequest> = {}) {
  const { send, sentAt } = sendOutcomes(outcomes);
  const call = pipeline.compose(send)(requestOf({ retry: 'if-failed', ...more }));
  return { sentAt, result: endOf(call) };
}

/** The outcome, and how many requests it took. */
async function outcomeOf(outcomes: Outcome[], more?: Partial<UpstreamRequest>) {
  const { sentAt, result } = run(outcomes, more);
  await vi.runAllTimersAsync();
  return { result: await result, requests: sentAt.length, sentAt };
}

/** Five calls that do not reach Alfresco. */
async function gone(operation: Operation): Promise<void> {
  for (let count = 0; count < 5; count += 1)
    await run([RESET], { operation, retry: 'never' }).result;
}

const problem = (code: string, diagnosis?: string) =>
  expect.objectContaining({ code, ...(diagnosis !== undefined && { diagnosis }) });

describe('the pipeline', () => {
  it('reports the last of several failures, without the name of the host', async () => {
    const { result } = await outcomeOf([503, UNSENT, RESET]);
    expect(result).toEqual(problem('ALFRESCO_UNREACHABLE', 'ECONNRESET'));
    expect(JSON.stringify(result)).not.toContain('acs.internal');
  });

  it.each([
    ['read', LIMITS.timeoutMs],
    ['write', LIMITS.timeoutMs],
    ['login', LIMITS.timeoutMs],
    ['probe', LIMITS.timeoutMs],
    ['content', LIMITS.idleTimeoutMs],
  ] as const)('gives up a %s after its time, retries included', async (operation, limitMs) => {
    const start = performance.now();
    const { result, requests } = await outcomeOf([RESET, 'never'], { operation });
    expect(result).toEqual(problem('ALFRESCO_TIMEOUT', 'TRANSPORT_TIMEOUT'));
    expect(requests).toBe(2);
    expect(performance.now() - start).toBe(limitMs);
  });

  it('counts the time before the first request, as of a login', async () => {
    const send = vi.fn(() => Promise.resolve(OK));
    const call = pipeline.compose(sendBy(send), { credentials: slowLogin });
    const failure = call(requestOf({ retry: 'if-failed' })).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await failure).toEqual(problem('ALFRESCO_TIMEOUT'));
    expect(send).not.toHaveBeenCalled();
    expect(breakers.states()).toContainEqual({ operation: 'read', state: 'closed' });
  });

  it('leaves an error from outside the requests as it is', async () => {
    const failure = new TypeError('a bug');
    const call = pipeline.compose(
      sendBy(async () => OK),
      { credentials: () => () => Promise.reject(failure) },
    );
    await expect(call(requestOf({ retry: 'if-failed' }))).rejects.toBe(failure);
  });

  describe('for a client that disconnects', () => {
    it('sends nothing when it has disconnected before', async () => {
      const { requests, result } = await outcomeOf([200], { disconnected: AbortSignal.abort() });
      expect(requests).toBe(0);
      expect(result).toBeInstanceOf(ProblemException);
    });

    it.each<[string, Outcome]>([
      ['during a pause', RESET],
      ['during a request', 'never'],
    ])('sends nothing more: %s', async (_when, outcome) => {
      const client = new AbortController();
      const { sentAt, result } = run([outcome, outcome, outcome], { disconnected: client.signal });
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
      'does not count that as a failure of Alfresco: with an error %s',
      async (_error, outcome) => {
        for (let count = 0; count < 9; count += 1) {
          const client = new AbortController();
          const { result } = run([outcome], { disconnected: client.signal });
          client.abort();
          await result;
        }
        expect(breakers.states().every(({ state }) => state === 'closed')).toBe(true);
      },
    );
  });

  describe('with a breaker', () => {
    it('rejects at once what will fail, before a login is made for it, and says when to come back', async () => {
      await gone('read');
      const work = vi.fn(() => Promise.resolve({} as never));
      const call = pipeline.compose(
        sendBy(async () => OK),
        { credentials: () => work },
      );
      const rejected = await call(requestOf({ retry: 'if-failed' })).catch(
        (error: unknown) => error,
      );
      expect(rejected).toEqual(problem('ALFRESCO_UNAVAILABLE', 'the breaker for read is open'));
      expect(rejected).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(work).not.toHaveBeenCalled();
      expect(events.slice(-2)).toEqual([
        ['breaker', { operation: 'read', state: 'open' }],
        ['rejection', { operation: 'read', reason: 'breaker' }],
      ]);
    });

    it('rejects a request that comes after the breaker opened, though its call began before', async () => {
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

    it('never rejects the probe', async () => {
      for (let count = 0; count < 20; count += 1) {
        const { requests } = await outcomeOf([RESET], { operation: 'probe', retry: 'never' });
        expect(requests).toBe(1);
      }
    });
  });

  it('has content verified with each attempt, which fails if that does', async () => {
    const verify = vi.fn(() => Promise.reject(RESET));
    const { result, requests } = await outcomeOf([200, 200, 200], { operation: 'content', verify });
    expect(result).toEqual(problem('ALFRESCO_UNREACHABLE', 'ECONNRESET'));
    expect([requests, verify.mock.calls.length]).toEqual([3, 3]);
  });

  it('observes each attempt, and renews credentials for a call rather than for an attempt', async () => {
    const order: string[] = [];
    const layer =
      (name: string): Layer =>
      (next) =>
      (request) => {
        order.push(name);
        return next(request);
      };
    const { send } = sendOutcomes([503, 503, 200]);
    const layers = { credentials: layer('credentials'), observation: layer('observation') };
    const result = endOf(pipeline.compose(send, layers)(requestOf({ retry: 'if-failed' })));
    await vi.runAllTimersAsync();
    expect(await result).toBe(200);
    expect(order).toEqual(['credentials', 'observation', 'observation', 'observation']);
  });

  it('carries what changes something by axios, as it is, and reads directly', async () => {
    const axios = vi.spyOn(http.axiosRef, 'request');
    const sent: Partial<UpstreamRequest>[] = [];
    const call = pipeline.compose(
      sendBy(async ({ method, path, headers, body }) => {
        sent.push({ method, path, headers, body });
        return { status: 202, data: '{"a": 1}' };
      }),
    );
    const request = {
      method: 'POST',
      path: '/a?b=c%20d',
      headers: { 'X-A': 'b' },
      body: '{"c":2}',
    };
    const { data } = await call(requestOf({ ...request, operation: 'write' }));
    expect(data).toBe('{"a": 1}');
    expect(axios).toHaveBeenCalledTimes(1);
    await call(requestOf({ ...request, operation: 'read' }));
    expect(axios).toHaveBeenCalledTimes(1);
    expect(sent[0]).toMatchObject({
      ...request,
      headers: expect.objectContaining(request.headers),
    });
    expect(sent[1]).toEqual(request);
  });
});
