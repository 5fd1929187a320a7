import { CallerTokens } from './caller-tokens.js';

const ALICE = 'oidc:x:alice';

/** A caller whose token ends in so many seconds. */
const callerOf = (seconds: number, id = ALICE) => ({
  id,
  name: 'alice',
  expiresAt: Date.now() + seconds * 1000,
});
/** On whose behalf something is done without a request of theirs. */
const ALICE_AWAY = { id: ALICE };
const LOGGED_OUT: unknown = expect.objectContaining({ code: 'CALLER_LOGGED_OUT' });

describe('tokens of callers', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('are those that they have come with', async () => {
    const tokens = new CallerTokens();
    const [script, page] = [callerOf(60), callerOf(300)];
    tokens.remember(script, 'of the script');
    tokens.remember(page, 'of the page');
    await expect(tokens.tokenOf(script)).resolves.toBe('of the script');
    await expect(tokens.tokenOf(page)).resolves.toBe('of the page');
  });

  it('are the newest for what goes on without a request, or for longer than its token', async () => {
    const tokens = new CallerTokens();
    const early = callerOf(10);
    tokens.remember(early, 'early');
    await expect(tokens.tokenOf(ALICE_AWAY)).resolves.toBe('early');
    tokens.remember(callerOf(60), 'late');
    await expect(tokens.tokenOf(ALICE_AWAY)).resolves.toBe('late');
    tokens.remember(callerOf(20), 'between');
    await expect(tokens.tokenOf(ALICE_AWAY)).resolves.toBe('late');
    vi.advanceTimersByTime(10_000);
    await expect(tokens.tokenOf(early)).resolves.toBe('late');
    await expect(tokens.tokenOf(early, 'late')).resolves.toBe('between');
  });

  it('are there until they end, as long after that as the service itself accepts them', async () => {
    const tokens = new CallerTokens();
    const caller = callerOf(10);
    tokens.remember(caller, 'token');
    vi.advanceTimersByTime(14_900);
    await expect(tokens.tokenOf(caller)).resolves.toBe('token');
    vi.advanceTimersByTime(200);
    await expect(tokens.tokenOf(caller)).rejects.toEqual(LOGGED_OUT);
    await expect(tokens.tokenOf(ALICE_AWAY)).rejects.toEqual(LOGGED_OUT);
  });

  it('are never those of someone else', async () => {
    const tokens = new CallerTokens();
    tokens.remember(callerOf(60, 'oidc:x:bob'), 'of bob');
    await expect(tokens.tokenOf(ALICE_AWAY)).rejects.toEqual(LOGGED_OUT);
  });

  it('come from sessions when there is no other, and first for those who have come with one', async () => {
    const tokens = new CallerTokens({ accessTokenOf: async () => 'of the session' });
    await expect(tokens.tokenOf(ALICE_AWAY)).resolves.toBe('of the session');
    tokens.remember(callerOf(60), 'of the script');
    await expect(tokens.tokenOf(ALICE_AWAY)).resolves.toBe('of the script');
    const session = { key: 'k', onceEnded: () => ({ [Symbol.dispose]: () => {} }) };
    await expect(tokens.tokenOf({ id: ALICE, session })).resolves.toBe('of the session');
  });

  it('are replaced once Alfresco has refused one, except that with which the request has come', async () => {
    const tokens = new CallerTokens({ accessTokenOf: async () => 'of the session' });
    const caller = callerOf(60);
    tokens.remember(caller, 'late');
    tokens.remember(callerOf(30), 'early');
    await expect(tokens.tokenOf(ALICE_AWAY, 'late')).resolves.toBe('early');
    await expect(tokens.tokenOf(caller, 'late')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    vi.advanceTimersByTime(36_000);
    await expect(tokens.tokenOf(ALICE_AWAY, 'late')).resolves.toBe('of the session');
    await expect(new CallerTokens().tokenOf(ALICE_AWAY, 'late')).rejects.toEqual(LOGGED_OUT);
  });

  it('are those of each of a few programs', async () => {
    const tokens = new CallerTokens();
    for (let index = 1; index <= 9; index += 1) {
      tokens.remember(callerOf(index * 60), `token ${index}`);
    }
    await expect(tokens.tokenOf(ALICE_AWAY, 'token 9')).resolves.toBe('token 8');
  });
});
