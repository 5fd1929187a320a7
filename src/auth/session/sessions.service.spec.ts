import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import {
  GrantRefusedError,
  type LoggedIn,
  type OpenIdProvider,
  type ProviderTokens,
} from './openid-provider.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { openSessionStore } from '../stores.js';
import type { SessionRecord, SessionStore } from './session-store.js';
import { SessionsService } from './sessions.service.js';

const CONFIG = {
  issuer: 'https://id.example.com',
  secrets: ['a secret of a test'],
  idleMs: 60_000,
  maxMs: 600_000,
} as unknown as SessionConfig;

const TOKENS = { accessToken: 'access-token', refreshToken: 'refresh-token' };

/** At which everyone who logs in is the same. */
const provider = (subject: string) =>
  ({
    finish: async (): Promise<LoggedIn> => ({
      ...TOKENS,
      subject,
      name: `name of ${subject}`,
      issuedAt: Date.now(),
      accessEndsAt: Date.now() + 300_000,
    }),
  }) as unknown as OpenIdProvider;

/** By which the store knows a session. */
function keyOf(id: string): string {
  return hash('sha256', id, 'base64url');
}

describe('a session in the store', () => {
  let store: SessionStore;
  let sessions: SessionsService;

  const logIn = async () => {
    const { id } = await sessions.logIn('', {} as never);
    const record = (await store.find(keyOf(id)))!;
    return { id, record };
  };
  /** As someone does who can write to the store; for a process that has not seen the session. */
  const tampered = async (record: SessionRecord, more: Partial<SessionRecord>) => {
    await store.remove({ id: record.id });
    await store.add({ ...record, ...more });
    return new SessionsService(CONFIG, store, provider('mallory'), PACING.auth);
  };
  beforeEach(() => {
    store = openSessionStore({ url: 'sqlite::memory:' }, PACING.store);
    sessions = new SessionsService(CONFIG, store, provider('mallory'), PACING.auth);
  });
  afterEach(() => store.close());

  it('shows neither the id in the cookie nor a token', async () => {
    const { id, record } = await logIn();
    const stored = JSON.stringify(record);
    for (const secret of [id, ...Object.values(TOKENS), 'name of mallory']) {
      expect(stored).not.toContain(secret);
      expect(stored).not.toContain(Buffer.from(secret).toString('base64url').slice(0, -2));
    }
    await expect(sessions.callerOf(record.id)).resolves.toBeUndefined();
  });

  it("is nobody else's when its subject is changed there", async () => {
    const { id, record } = await logIn();
    const same = await tampered(record, {});
    await expect(same.callerOf(id)).resolves.toMatchObject({ name: 'name of mallory' });
    const changed = await tampered(record, { subject: 'alice' });
    await expect(changed.callerOf(id)).resolves.toBeUndefined();
  });

  it('cannot be moved to another id', async () => {
    const { record } = await logIn();
    const other = await logIn();
    const moved = await tampered(other.record, { sealed: record.sealed });
    await expect(moved.callerOf(other.id)).resolves.toBeUndefined();
  });
});

describe('a session in use', () => {
  let store: SessionStore;
  /** What the provider gives for a refresh token. */
  let refresh: (token: string) => Promise<ProviderTokens>;
  let refreshes: number;
  beforeEach(() => {
    store = openSessionStore({ url: 'sqlite::memory:' }, PACING.store);
    refreshes = 0;
    refresh = async () => ({ ...TOKENS, accessEndsAt: Date.now() + 300_000 });
  });
  afterEach(() => store.close());

  /** A process with a provider whose first access token lasts for so long. */
  const processWith = (accessMs: number, config: Partial<SessionConfig> = {}) => {
    const own = {
      finish: async (): Promise<LoggedIn> => ({
        ...TOKENS,
        subject: 'alice',
        name: 'alice',
        issuedAt: Date.now(),
        accessEndsAt: Date.now() + accessMs,
      }),
      refresh: (token: string) => {
        refreshes += 1;
        return refresh(token);
      },
    } as unknown as OpenIdProvider;
    const pacing = { ...PACING.auth, providerTimeoutMs: 100 };
    return new SessionsService({ ...CONFIG, ...config }, store, own, pacing);
  };

  it('is not believed any more because of what was read before it ended', async () => {
    const sessions = processWith(300_000);
    const { id } = await sessions.logIn('', {} as never);
    const record = await store.find(keyOf(id));
    const read = Promise.withResolvers<SessionRecord | undefined>();
    vi.spyOn(store, 'find').mockReturnValueOnce(read.promise);
    const caller = sessions.callerOf(id);
    await sessions.logOut(id);
    read.resolve(record);
    await expect(caller).resolves.toBeUndefined();
    expect(sessions.knownCaller(id)).toBeUndefined();
  });

  it('is not believed any more because the provider has failed meanwhile', async () => {
    const sessions = processWith(300_000, { idleMs: CONFIG.maxMs });
    const { id } = await sessions.logIn('', {} as never);
    vi.useFakeTimers({ now: Date.now() + 299_000, toFake: ['Date'] });
    try {
      const failure = Promise.withResolvers<ProviderTokens>();
      refresh = () => failure.promise;
      const caller = sessions.callerOf(id);
      await vi.waitFor(() => expect(refreshes).toBe(1));
      await sessions.logOut(id);
      failure.reject(new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE'));
      await expect(caller).resolves.toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps refreshed tokens until the store is back', async () => {
    const sessions = processWith(0);
    const { id } = await sessions.logIn('', {} as never);
    vi.spyOn(store, 'replace').mockRejectedValueOnce(new ProblemException('STORE_UNAVAILABLE'));
    await expect(sessions.callerOf(id)).resolves.toMatchObject({ name: 'alice' });
    await expect(store.find(keyOf(id))).resolves.toMatchObject({ revision: 1 });
    expect(refreshes).toBe(1);
  });

  it('is refreshed by the next process when one has died with the claim', async () => {
    const sessions = processWith(0);
    const { id } = await sessions.logIn('', {} as never);
    await store.claimRefresh(keyOf(id), 0, 250);
    await expect(sessions.callerOf(id)).resolves.toMatchObject({ name: 'alice' });
    expect(refreshes).toBe(1);
  });

  it('goes on when another process has refreshed it with the token that is refused here', async () => {
    const sessions = processWith(0);
    const { id } = await sessions.logIn('', {} as never);
    refresh = async () => {
      refresh = async () => ({ ...TOKENS, accessEndsAt: Date.now() + 300_000 });
      await store.releaseRefresh(keyOf(id), 0);
      await processWith(0).callerOf(id);
      throw new GrantRefusedError('invalid_grant');
    };
    await expect(sessions.callerOf(id)).resolves.toMatchObject({ name: 'alice' });
  });

  it('is extended by use, and not beyond its end', async () => {
    const sessions = processWith(300_000, { idleMs: 200, maxMs: 500 });
    const begun = performance.now();
    const { id } = await sessions.logIn('', {} as never);
    let livedMs = 0;
    while (await sessions.callerOf(id)) {
      livedMs = performance.now() - begun;
      await delay(50);
    }
    expect(livedMs).toBeGreaterThan(250);
    expect(livedMs).toBeLessThanOrEqual(501);
  });

  it('tells those who watch it when it has ended elsewhere', async () => {
    const [here, there] = [processWith(300_000), processWith(300_000)];
    const { id } = await here.logIn('', {} as never);
    const { session } = (await here.callerOf(id))!;
    const ended = Promise.withResolvers<number>();
    const other = vi.fn<() => void>();
    session!.onceEnded(() => ended.resolve(performance.now()));
    session!.onceEnded(other)[Symbol.dispose]();
    const begun = performance.now();
    await there.logOut(id);
    expect((await ended.promise) - begun).toBeLessThan(900);
    expect(other).not.toHaveBeenCalled();
  });
});
