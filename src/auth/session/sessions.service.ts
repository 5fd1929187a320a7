import { hash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { SessionConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { BoundedMap } from '../../store/bounded-map.js';
import { type Caller, type CallerSession, callerIdAt, subjectOf } from '../caller.js';
import {
  GrantRefusedError,
  type LoggedIn,
  type LoginAttempt,
  OpenIdProvider,
} from './openid-provider.js';
import { FRESHNESS_MS, type KnownSession, isFresh, isSelected, pauseOf } from './known-session.js';
import { type SessionContent, SessionSeal, toContent } from './session-content.js';
import { type EndReason, SessionEvents } from './session-events.js';
import { type SessionRecord, type SessionSelector, SessionStore } from './session-store.js';
import { SessionWatchers } from './session-watchers.js';

/** Sessions that a process remembers; the store has all. */
const MAX_REMEMBERED = 10_000;
/** Milliseconds between two extensions of a session in use; each is a write. */
const EXTEND_EVERY_MS = 60_000;
/** Milliseconds between two looks for the tokens that another process gets. */
const REFRESH_POLL_MS = 100;
/** Milliseconds until another attempt to store tokens, while the store does not respond. */
const SAVE_PAUSE_MS = 250;

/** An id as it is in the cookie: 256 bits in base64url. */
const ID = /^[\w-]{43}$/;

/** Injection token of the `SessionConfig`. */
export const SESSION_CONFIG = Symbol('SESSION_CONFIG');

/** A log-in that has ended well. */
export interface NewSession {
  /** For the cookie; nothing else knows it. */
  readonly id: string;
  readonly endsAt: number;
}

/**
 * Sessions of people who have logged in at the provider with a browser: found by the id in a cookie, ended by idleness, by
 * age, by a log-out here or there, and when the provider takes back its grant.
 *
 * A session lives as long as its tokens can be refreshed: someone who loses their account at the provider loses the session
 * within the lifetime of an access token.
 */
export class SessionsService implements OnApplicationShutdown {
  private readonly seal: SessionSeal;
  private readonly known = new BoundedMap<string, KnownSession>(MAX_REMEMBERED);
  /** The session with which each caller came last. */
  private readonly lastOf = new BoundedMap<string, string>(MAX_REMEMBERED);
  private readonly loading = new Map<string, Promise<KnownSession | undefined>>();
  private readonly watchers = new SessionWatchers({
    look: (key) => this.find(key),
    pauseOf: (key) => pauseOf(this.known.get(key)),
  });
  /** How often this process has ended sessions. */
  private endings = 0;

  constructor(
    private readonly config: SessionConfig,
    private readonly store: SessionStore,
    private readonly provider: OpenIdProvider,
    private readonly pacing: Pick<Pacing['auth'], 'providerTimeoutMs'>,
    private readonly events = new SessionEvents(),
  ) {
    this.seal = new SessionSeal(config.secrets);
  }

  async onApplicationShutdown(): Promise<void> {
    this.watchers.clear();
    await this.store.close();
  }

  /**
   * Ends a log-in, and any session that the browser had before: an id from before it must be worth nothing after it.
   * @throws GrantRefusedError; ProblemException IDENTITY_PROVIDER_UNAVAILABLE, STORE_UNAVAILABLE
   */
  async logIn(query: string, attempt: LoginAttempt, formerId?: string): Promise<NewSession> {
    const { subject, name, issuedAt, providerSession, ...tokens } = await this.finish(
      query,
      attempt,
    );
    const id = randomBytes(32).toString('base64url');
    const key = keyOf(id);
    const now = Date.now();
    const endsAt = now + this.config.maxMs;
    await this.store.add({
      id: key,
      subject,
      providerSession,
      issuedAt,
      sealed: this.seal.seal({ id: key, subject }, toContent(name, tokens)),
      revision: 0,
      idleEndsAt: now + this.config.idleMs,
      endsAt,
    });
    if (formerId !== undefined && ID.test(formerId)) {
      await this.end({ id: keyOf(formerId) }, 'login');
    }
    return { id, endsAt };
  }

  private async finish(query: string, attempt: LoginAttempt): Promise<LoggedIn> {
    try {
      const loggedIn = await this.provider.finish(query, attempt);
      this.events.emit('login', 'success');
      return loggedIn;
    } catch (error) {
      this.events.emit('login', error instanceof GrantRefusedError ? 'refused' : 'unavailable');
      throw error;
    }
  }

  /** Whose session it is, if this process has just made sure of it; without a promise, for requests that come by the dozen. */
  knownCaller(id: string): Caller | undefined {
    const session = this.known.get(keyOf(id));
    return session && isFresh(session) ? session.caller : undefined;
  }

  /**
   * Whose session it is, which counts as use of it; `undefined` when it has ended.
   * @throws ProblemException STORE_UNAVAILABLE; IDENTITY_PROVIDER_UNAVAILABLE when its tokens have ended meanwhile
   */
  async callerOf(id: string): Promise<Caller | undefined> {
    if (!ID.test(id)) return undefined;
    const session = await this.find(keyOf(id));
    if (!session) return undefined;
    await this.extend(session);
    return session.caller;
  }

  /**
   * A valid access token of this caller, of whichever of their sessions; `undefined` when they have none.
   * @throws ProblemException STORE_UNAVAILABLE, IDENTITY_PROVIDER_UNAVAILABLE
   */
  async accessTokenOf(callerId: string): Promise<string | undefined> {
    const last = this.lastOf.get(callerId);
    const session = last === undefined ? undefined : await this.find(last);
    if (session) return session.accessToken;
    const subject = subjectOf(this.config.issuer, callerId);
    const record = subject === undefined ? undefined : await this.store.newestOf(subject);
    return record && (await this.find(record.id))?.accessToken;
  }

  /** When it ends unless it is used, and at the latest; to ask is not to use it. */
  async endOf({
    key,
  }: CallerSession): Promise<Pick<SessionRecord, 'idleEndsAt' | 'endsAt'> | undefined> {
    return this.find(key);
  }

  /** Ends a session, for all processes. */
  async logOut(id: string): Promise<void> {
    if (ID.test(id)) await this.end({ id: keyOf(id) }, 'logout');
  }

  /** Ends sessions, for all processes; at once for what this process has under way. Returns how many there were. */
  async end(selector: SessionSelector, reason: EndReason): Promise<number> {
    const count = await this.store.remove(selector);
    this.endings += 1;
    if (count > 0) this.events.emit('ended', reason, count);
    for (const [key, session] of this.known) if (isSelected(session, selector)) this.forget(key);
    return count;
  }

  private find(key: string): Promise<KnownSession | undefined> {
    const session = this.known.get(key);
    if (session && isFresh(session)) return Promise.resolve(session);
    let loading = this.loading.get(key);
    if (!loading) {
      loading = this.load(key).finally(() => this.loading.delete(key));
      this.loading.set(key, loading);
    }
    return loading;
  }

  private async load(key: string): Promise<KnownSession | undefined> {
    const { endings } = this;
    const record = await this.store.find(key);
    // It may be what was read before the session ended.
    if (endings !== this.endings) return this.load(key);
    const content = record && this.seal.open(record);
    if (!content) return this.forget(key);
    const session = this.remember(record, content);
    return Date.now() < session.refreshAt ? session : this.refresh(session);
  }

  private async refresh(session: KnownSession): Promise<KnownSession | undefined> {
    const { id: key, revision, refreshToken } = session;
    const { endings } = this;
    const isUsable = session.accessEndsAt > Date.now();
    if (refreshToken === undefined) {
      return isUsable ? this.goOn(session, endings) : this.endRefused(key);
    }
    if (await this.store.claimRefresh(key, revision, this.leaseMs)) {
      return this.refreshClaimed(session, refreshToken);
    }
    return isUsable ? this.goOn(session, endings) : this.refreshedElsewhere(session, refreshToken);
  }

  private async refreshClaimed(
    session: KnownSession,
    refreshToken: string,
  ): Promise<KnownSession | undefined> {
    const { id: key, revision, name, subject } = session;
    const { endings } = this;
    try {
      const tokens = await this.provider.refresh(refreshToken, subject);
      this.events.emit('refresh', 'success');
      // Some providers give no other refresh token: the first goes on being good.
      const next = { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
      const content = toContent(name, next);
      const isReplaced = await this.save(key, revision, this.seal.seal(session, content));
      return isReplaced && endings === this.endings
        ? this.remember({ ...session, revision: revision + 1 }, content)
        : this.load(key);
    } catch (error) {
      if (error instanceof GrantRefusedError) {
        this.events.emit('refresh', 'refused');
        return this.endUnlessRefreshed(session);
      }
      this.events.emit('refresh', 'unavailable');
      // Else the claim ends by itself.
      await this.store.releaseRefresh(key, revision).catch(() => {});
      if (session.accessEndsAt > Date.now()) return this.goOn(session, endings);
      throw error;
    }
  }

  /** Perseveres: a provider that rotates refresh tokens takes the former one for stolen, so that these must not be lost. */
  private async save(key: string, revision: number, sealed: string): Promise<boolean> {
    const giveUpAt = performance.now() + this.leaseMs;
    for (;;) {
      try {
        return await this.store.replace(key, revision, sealed);
      } catch (error) {
        if (!(error instanceof ProblemException) || performance.now() > giveUpAt) throw error;
        await sleep(SAVE_PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  /** Until another process has done it; by this one when that has failed or died. */
  private async refreshedElsewhere(
    session: KnownSession,
    refreshToken: string,
  ): Promise<KnownSession | undefined> {
    const { id: key, revision } = session;
    const giveUpAt = performance.now() + this.leaseMs;
    while (performance.now() < giveUpAt) {
      await sleep(REFRESH_POLL_MS, undefined, { ref: false });
      const record = await this.store.find(key);
      if (record?.revision !== revision) return this.load(key);
      if (await this.store.claimRefresh(key, revision, this.leaseMs)) {
        return this.refreshClaimed(session, refreshToken);
      }
    }
    throw new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE', {
      headers: { 'retry-after': '1' },
      diagnosis: 'another process refreshes the tokens',
    });
  }

  /** Milliseconds for a refresh, with a discovery before it: more than it takes, or two would use the same refresh token. */
  private get leaseMs(): number {
    return 4 * this.pacing.providerTimeoutMs;
  }

  /** The provider has refused a refresh token. If that is not the newest one, it says nothing about the session. */
  private async endUnlessRefreshed({
    id: key,
    revision,
  }: KnownSession): Promise<KnownSession | undefined> {
    const record = await this.store.find(key);
    return record && record.revision !== revision ? this.load(key) : this.endRefused(key);
  }

  /** With the access token that it has, as long as that lasts, unless it has ended since then. */
  private async goOn(session: KnownSession, endings: number): Promise<KnownSession | undefined> {
    return endings === this.endings
      ? this.remember(session, session, session.accessEndsAt)
      : this.load(session.id);
  }

  private async extend(session: KnownSession): Promise<void> {
    const { idleMs } = this.config;
    const idleEndsAt = Math.min(Date.now() + idleMs, session.endsAt);
    if (idleEndsAt - session.idleEndsAt < Math.min(EXTEND_EVERY_MS, idleMs / 10)) return;
    const key = session.id;
    await this.store.extend(key, idleEndsAt);
    if (this.known.get(key) === session) this.known.set(key, { ...session, idleEndsAt });
  }

  /** @param until the end of what is known about it */
  private remember(
    record: SessionRecord,
    content: SessionContent,
    until = content.refreshAt,
  ): KnownSession {
    const { id: key, subject, idleEndsAt, endsAt } = record;
    const caller = this.known.get(key)?.caller ?? {
      id: callerIdAt(this.config.issuer, subject),
      name: content.name,
      session: { key, onceEnded: (callback: () => void) => this.watchers.add(key, callback) },
    };
    const freshUntil = Math.min(Date.now() + FRESHNESS_MS, idleEndsAt, endsAt, until);
    const session = { ...record, ...content, caller, freshUntil };
    this.known.set(key, session);
    this.lastOf.set(caller.id, key);
    return session;
  }

  private async endRefused(key: string): Promise<undefined> {
    await this.end({ id: key }, 'refused');
    return this.forget(key);
  }

  private forget(key: string): undefined {
    this.known.delete(key);
    this.watchers.notify(key);
    return undefined;
  }
}

/** So that nobody can use an id that is read from the store. */
function keyOf(id: string): string {
  return hash('sha256', id, 'base64url');
}
