import { ProblemException } from '../../problems/problem.exception.js';
import type { UpstreamRequest } from '../http/upstream-call.js';
import { requestOf, sendBy } from '../http/upstream.fixture.js';
import { type Grant, type Login, RenewedCredentials } from './renewed-credentials.js';

/** Gives `grant 1`, `grant 2`, ... and can be told to fail. */
class CountingLogin implements Login {
  count = 0;
  failure?: Error;
  renewAfterMs?: number;

  async obtain(): Promise<Grant> {
    this.count += 1;
    const { count } = this;
    await Promise.resolve();
    if (this.failure) throw this.failure;
    return { authorization: `grant ${count}`, renewAfterMs: this.renewAfterMs };
  }
}

/** Takes the grants that are listed. */
class Server {
  readonly accepted = new Set<string>();
  requests = 0;

  readonly respond = async ({ headers: { Authorization = '' } }: UpstreamRequest) => {
    this.requests += 1;
    const isAccepted = this.accepted.has(Authorization);
    await Promise.resolve();
    return { status: isAccepted ? 200 : 401, data: Authorization };
  };
}

const rejected = () => new ProblemException('ALFRESCO_CREDENTIALS_REJECTED');

describe('credentials that are renewed', () => {
  let login: CountingLogin;
  let server: Server;
  let credentials: RenewedCredentials;
  const request = () => credentials.apply(sendBy(server.respond))(requestOf());
  const requests = (count: number) => Promise.all(Array.from({ length: count }, request));

  beforeEach(() => {
    vi.useFakeTimers();
    login = new CountingLogin();
    server = new Server();
    // The longest pauses that chance allows.
    vi.spyOn(Math, 'random').mockReturnValue(0);
    credentials = new RenewedCredentials(login);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('are obtained when first needed, once for all', async () => {
    server.accepted.add('grant 1');
    expect(login.count).toBe(0);
    expect((await requests(100)).every(({ status }) => status === 200)).toBe(true);
    await request();
    expect(login.count).toBe(1);
    expect(server.requests).toBe(101);
  });

  it('are renewed once when a hundred requests are rejected, each of which is sent again', async () => {
    server.accepted.add('grant 1');
    await request();
    server.accepted.clear();
    server.accepted.add('grant 2');
    expect((await requests(100)).map(({ data }) => data)).toEqual(Array(100).fill('grant 2'));
    expect(login.count).toBe(2);
    expect(server.requests).toBe(201);
  });

  it('are not renewed again for a 401 that comes late', async () => {
    server.accepted.add('grant 1');
    await request();
    server.accepted.clear();
    server.accepted.add('grant 2');
    const { promise: released, resolve: respondLate } = Promise.withResolvers<void>();
    const late = credentials.apply(
      sendBy(async (one) => {
        const response = await server.respond(one);
        if (response.status === 401) await released;
        return response;
      }),
    )(requestOf());
    await vi.waitFor(() => expect(server.requests).toBe(2));
    await request();
    respondLate();
    expect((await late).status).toBe(200);
    expect(login.count).toBe(2);
  });

  it('are renewed before they expire', async () => {
    login.renewAfterMs = 1000;
    server.accepted.add('grant 1').add('grant 2');
    await request();
    await vi.advanceTimersByTimeAsync(999);
    expect((await request()).data).toBe('grant 1');
    await vi.advanceTimersByTimeAsync(1);
    expect((await request()).data).toBe('grant 2');
    expect(server.requests).toBe(3);
  });

  it('are not renewed for every request when fresh ones are rejected, too', async () => {
    for (let count = 0; count < 20; count += 1) expect((await request()).status).toBe(401);
    expect(login.count).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    for (let count = 0; count < 20; count += 1) expect((await request()).status).toBe(401);
    expect(login.count).toBe(3);
    await vi.advanceTimersByTimeAsync(1999);
    await request();
    expect(login.count).toBe(3);
    await vi.advanceTimersByTimeAsync(1);
    server.accepted.add('grant 4');
    expect((await request()).status).toBe(200);
  });

  it('are renewed each time when they worked in between, however soon', async () => {
    for (let count = 1; count < 20; count += 1) {
      server.accepted.clear();
      server.accepted.add(`grant ${count}`);
      expect((await request()).status).toBe(200);
    }
  });

  it('are not asked for again after a rejected login before a pause is over, whose end is given', async () => {
    login.failure = rejected();
    const problem = expect.objectContaining({
      code: 'ALFRESCO_CREDENTIALS_REJECTED',
      headers: { 'retry-after': '1' },
    });
    const results = await Promise.allSettled(Array.from({ length: 100 }, request));
    expect(results).toEqual(results.map(() => ({ status: 'rejected', reason: problem })));
    await vi.advanceTimersByTimeAsync(999);
    await expect(request()).rejects.toEqual(problem);
    expect(login.count).toBe(1);
    expect(server.requests).toBe(0);

    login.failure = undefined;
    server.accepted.add('grant 2');
    await vi.advanceTimersByTimeAsync(1);
    expect((await request()).status).toBe(200);
  });

  it('are asked for after ever longer pauses while logins are rejected, which end with the first that is not', async () => {
    login.failure = rejected();
    const waits: unknown[] = [];
    for (let rejections = 0; rejections < 9; rejections += 1) {
      const { headers } = await request().catch((problem: ProblemException) => problem as never);
      waits.push(Number(headers['retry-after']));
      await vi.advanceTimersByTimeAsync(Number(headers['retry-after']) * 1000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(login.count).toBe(9);

    login.failure = undefined;
    server.accepted.add('grant 10');
    await request();
    server.accepted.clear();
    login.failure = rejected();
    await expect(request()).rejects.toMatchObject({ headers: { 'retry-after': '1' } });
  });

  it('are asked for again at once after a login without a response', async () => {
    login.failure = new ProblemException('ALFRESCO_TIMEOUT');
    await expect(request()).rejects.toMatchObject({ code: 'ALFRESCO_TIMEOUT' });
    login.failure = undefined;
    server.accepted.add('grant 2');
    expect((await request()).status).toBe(200);
  });

  it('pass on what sending throws, without another login', async () => {
    const failure = new ProblemException('ALFRESCO_UNREACHABLE');
    const sent = credentials.apply(() => Promise.reject(failure))(requestOf());
    await expect(sent).rejects.toBe(failure);
    expect(login.count).toBe(1);
  });
});
