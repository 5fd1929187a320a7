import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SessionRecord, SessionStore } from './session-store.js';

const HOUR = 3_600_000;
/** More than a session of one millisecond lives. */
export const A_WHILE = 25;

/** Of a log-out of now. */
const issuedUntil = Number.MAX_SAFE_INTEGER;

export function sessionOf(id: string, more: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    id,
    subject: 'alice',
    issuedAt: now,
    sealed: `tokens of ${id}`,
    revision: 0,
    idleEndsAt: now + HOUR,
    endsAt: now + 8 * HOUR,
    ...more,
  };
}

/** What holds for every store; `open` opens one more connection to it. */
export function describeSessionStore(open: () => SessionStore): void {
  let here: SessionStore;
  let there: SessionStore;
  beforeEach(() => {
    here = open();
    there = open();
  });
  afterEach(() => Promise.all([here.close(), there.close()]));

  const alive = async (...ids: string[]) => {
    const found = await Promise.all(ids.map((id) => here.find(id)));
    return ids.filter((_, index) => found[index]);
  };

  it('gives another process all that was added', async () => {
    const session = sessionOf('s', { providerSession: 'at the provider' });
    await here.add(session);
    await expect(there.find('s')).resolves.toEqual(session);
    await expect(there.find('S')).resolves.toBeUndefined();
  });

  it('ends a session that is not used', async () => {
    await here.add(sessionOf('s', { idleEndsAt: Date.now() + 1 }));
    await delay(A_WHILE);
    await expect(here.find('s')).resolves.toBeUndefined();
  });

  it('extends a session that has not ended, and never beyond its end', async () => {
    const session = sessionOf('s');
    await here.add(session);
    await here.add(sessionOf('over', { idleEndsAt: Date.now() + 1 }));
    await delay(A_WHILE);
    for (const id of ['s', 'over']) await there.extend(id, session.idleEndsAt + HOUR);
    expect((await here.find('s'))?.idleEndsAt).toBe(session.idleEndsAt + HOUR);
    await there.extend('s', session.endsAt + HOUR);
    expect((await here.find('s'))?.idleEndsAt).toBe(session.endsAt);
    await expect(here.find('over')).resolves.toBeUndefined();
  });

  it('lets one of many refresh, and none after the tokens were replaced', async () => {
    await here.add(sessionOf('s'));
    const claims = await Promise.all(
      [here, there, here, there].map((store) => store.claimRefresh('s', 0, HOUR)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    await expect(here.replace('s', 0, 'new tokens')).resolves.toBe(true);
    await expect(there.find('s')).resolves.toMatchObject({ sealed: 'new tokens', revision: 1 });
    await expect(there.replace('s', 0, 'older tokens')).resolves.toBe(false);
    await expect(there.claimRefresh('s', 0, HOUR)).resolves.toBe(false);
    await expect(there.claimRefresh('s', 1, HOUR)).resolves.toBe(true);
  });

  it('lets another refresh after a failure, and when the first died', async () => {
    await here.add(sessionOf('s'));
    await here.claimRefresh('s', 0, HOUR);
    await here.releaseRefresh('s', 0);
    await expect(there.claimRefresh('s', 0, 1)).resolves.toBe(true);
    await delay(A_WHILE);
    await expect(here.claimRefresh('s', 0, HOUR)).resolves.toBe(true);
  });

  it('knows the session of a person that may last longest', async () => {
    const now = Date.now();
    await here.add(sessionOf('first', { endsAt: now + 3 * HOUR }));
    await here.add(sessionOf('last', { endsAt: now + 4 * HOUR }));
    await here.add(sessionOf('ended', { endsAt: now + 9 * HOUR, idleEndsAt: now + 1 }));
    await here.add(sessionOf('of bob', { endsAt: now + 9 * HOUR, subject: 'bob' }));
    await delay(A_WHILE);
    expect((await there.newestOf('alice'))?.id).toBe('last');
    await there.remove({ subject: 'alice', issuedUntil });
    await expect(here.newestOf('alice')).resolves.toBeUndefined();
  });

  it('brings no session back that has ended while its tokens were refreshed', async () => {
    await here.add(sessionOf('s'));
    await here.claimRefresh('s', 0, HOUR);
    await there.remove({ id: 's' });
    await expect(here.replace('s', 0, 'new tokens')).resolves.toBe(false);
    await here.extend('s', Date.now() + HOUR);
    await expect(here.find('s')).resolves.toBeUndefined();
  });

  it('ends one session, those of a session at the provider, or all of a person', async () => {
    await here.add(sessionOf('a1', { subject: 'alice', providerSession: 'p1' }));
    await here.add(sessionOf('a2', { subject: 'alice', providerSession: 'p1' }));
    await here.add(sessionOf('a3', { subject: 'alice', providerSession: 'p2' }));
    await here.add(sessionOf('a4', { subject: 'alice' }));
    await here.add(sessionOf('b1', { subject: 'bob', providerSession: 'p1' }));
    await here.add(sessionOf('b2', { subject: 'bob' }));
    const all = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2'];
    await expect(there.remove({ id: 'a4' })).resolves.toBe(1);
    await expect(there.remove({ id: 'a4' })).resolves.toBe(0);
    await expect(
      there.remove({ providerSession: 'p1', subject: 'alice', issuedUntil }),
    ).resolves.toBe(2);
    await expect(alive(...all)).resolves.toEqual(['a3', 'b1', 'b2']);
    await expect(there.remove({ providerSession: 'p1', issuedUntil })).resolves.toBe(1);
    await expect(there.remove({ subject: 'alice', issuedUntil })).resolves.toBe(1);
    await expect(alive(...all)).resolves.toEqual(['b2']);
    await expect(there.remove({ providerSession: 'unknown', issuedUntil })).resolves.toBe(0);
  });

  it('ends none that was issued after the log-out at the provider', async () => {
    const of = { providerSession: 'p', subject: 'alice' };
    for (const issuedAt of [1000, 2000, 3000])
      await here.add(sessionOf(`${issuedAt}`, { ...of, issuedAt }));
    await expect(there.remove({ providerSession: 'p', issuedUntil: 999 })).resolves.toBe(0);
    await expect(there.remove({ providerSession: 'p', issuedUntil: 1000 })).resolves.toBe(1);
    await expect(there.remove({ subject: 'alice', issuedUntil: 2999 })).resolves.toBe(1);
    await expect(alive('1000', '2000', '3000')).resolves.toEqual(['3000']);
  });

  it('counts each session that has ended by time once, and no other', async () => {
    const idleEndsAt = Date.now() + 1;
    const many = Array.from({ length: 250 }, (_, number) => `s${number}`);
    await Promise.all(many.map((id) => here.add(sessionOf(id, { idleEndsAt }))));
    await here.add(sessionOf('of an hour'));
    await here.add(sessionOf('logged out'));
    await here.add(sessionOf('extended', { idleEndsAt: Date.now() + 500 }));
    await here.extend('extended', Date.now() + HOUR);
    await there.remove({ id: 'logged out' });
    await delay(A_WHILE);
    await expect(there.remove({ id: 's0' })).resolves.toBe(0);
    await expect(there.remove({ subject: 'alice', issuedUntil: 0 })).resolves.toBe(0);
    const counts = await Promise.all([here.sweep(), there.sweep(), here.sweep()]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(many.length);
    await expect(here.sweep()).resolves.toBe(0);
    await expect(alive('of an hour', 'extended')).resolves.toEqual(['of an hour', 'extended']);
  });
}
