import { randomBytes } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { SessionConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import { BoundedMap } from '../../store/bounded-map.js';
import { type Caller, type CallerSession, callerIdAt, subjectOf } from '../caller.js';
import { hashForStore } from '../stores.js';
import {
  GrantRefusedError,
  type LoggedIn,
  type LoginAttempt,
  OpenIdProvider,
} from './openid-provider.js';
import { FRESHNESS_MS, type KnownSession, isFresh, isSelected, pauseOf } from './known-session.js';
import { type SessionContent, SessionSeal, toContent } from './session-content.js';
import { type EndReason, SessionEvents } from './session-events.js';
import { SessionRefresh } from './session-refresh.js';
import { type SessionRecord, type SessionSelector, SessionStore } from './session-store.js';
import { SessionWatchers } from './session-watchers.js';

/** Sessions that a process remembers; the store has all. */
const MAX_REMEMBERED = 10_000;
/** Milliseconds between two extensions of a session in use; each is a write. */
const EXTEND_EVERY_MS = 60_000;

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
  private readonly tokens: SessionRefresh;
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
    pacing: Pick<Pacing['auth'], 'providerTimeoutMs'>,
    private readonly events = new SessionEvents(),
  ) {
    this.seal = new SessionSeal(config.secrets);
    this.tokens = new SessionRefresh(store, provider, this.seal, events, pacing);
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
    const key = hashForStore(id);
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
      await this.end({ id: hashForStore(formerId) }, 'login');
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
    const session = this.known.get(hashForStore(id));
    return session && isFresh(session) ? session.caller : undefined;
  }

  /**
   * Whose session it is, which counts as use of it; `undefined` when it has ended.
   * @throws ProblemException STORE_UNAVAILABLE; IDENTITY_PROVIDER_UNAVAILABLE when its tokens have ended meanwhile
   */
  async callerOf(id: string): Promise<Caller | undefined> {
    if (!ID.test(id)) return undefined;
    const session = await this.find(hashForStore(id));
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
    if (ID.test(id)) await this.end({ id: hashForStore(id) }, 'logout');
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
    const { id: key } = session;
    const { endings } = this;
    const result = await this.tokens.refresh(session);
    if (result === 'refused') return this.endRefused(key);
    // What is known of it may be from before its end.
    if (result === 'changed' || endings !== this.endings) return this.load(key);
    return result === 'kept'
      ? this.remember(session, session, session.accessEndsAt)
      : this.remember(result, result);
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
