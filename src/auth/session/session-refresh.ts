import { setTimeout as sleep } from 'node:timers/promises';
import type { Pacing } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { GrantRefusedError, type OpenIdProvider } from './openid-provider.js';
import { type SessionContent, type SessionSeal, toContent } from './session-content.js';
import type { SessionEvents } from './session-events.js';
import type { SessionRecord, SessionStore } from './session-store.js';

/** Milliseconds between two looks for the tokens that another process gets. */
const POLL_MS = 100;
/** Milliseconds until another attempt to store tokens, while the store does not respond. */
const SAVE_PAUSE_MS = 250;

/** A session, decrypted. */
export type OpenSession = SessionRecord & SessionContent;

/**
 * What a refresh has led to: the session with new tokens; `kept`, when it goes on with the access token that it has;
 * `changed`, when the store has another state of it, or none; `refused`, when the provider has taken its grant back.
 */
export type RefreshResult = OpenSession | 'kept' | 'changed' | 'refused';

/**
 * Gets new tokens for sessions from the provider, by one process for all (see `SessionStore.claimRefresh`), and stores them.
 */
export class SessionRefresh {
  /** Milliseconds for a refresh, with a discovery before it: more than it takes, or two would use the same refresh token. */
  private readonly leaseMs: number;

  constructor(
    private readonly store: SessionStore,
    private readonly provider: OpenIdProvider,
    private readonly seal: SessionSeal,
    private readonly events: SessionEvents,
    pacing: Pick<Pacing['auth'], 'providerTimeoutMs'>,
  ) {
    this.leaseMs = 4 * pacing.providerTimeoutMs;
  }

  /** @throws ProblemException STORE_UNAVAILABLE; IDENTITY_PROVIDER_UNAVAILABLE when its access token has ended meanwhile */
  async refresh(session: OpenSession): Promise<RefreshResult> {
    const { id, revision, refreshToken } = session;
    if (refreshToken === undefined) return isUsable(session) ? 'kept' : 'refused';
    if (await this.store.claimRefresh(id, revision, this.leaseMs)) {
      return this.refreshClaimed(session, refreshToken);
    }
    return isUsable(session) ? 'kept' : this.refreshedElsewhere(session, refreshToken);
  }

  private async refreshClaimed(session: OpenSession, refreshToken: string): Promise<RefreshResult> {
    const { id, revision, name, subject } = session;
    try {
      const tokens = await this.provider.refresh(refreshToken, subject);
      this.events.emit('refresh', 'success');
      // Some providers give no other refresh token: the first goes on being good.
      const next = { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
      const content = toContent(name, next);
      const sealed = this.seal.seal(session, content);
      const isReplaced = await this.save(id, revision, sealed);
      return isReplaced ? { ...session, ...content, sealed, revision: revision + 1 } : 'changed';
    } catch (error) {
      if (error instanceof GrantRefusedError) {
        this.events.emit('refresh', 'refused');
        return this.refusedUnlessChanged(session);
      }
      this.events.emit('refresh', 'unavailable');
      // Else the claim ends by itself.
      await this.store.releaseRefresh(id, revision).catch(() => {});
      if (isUsable(session)) return 'kept';
      throw error;
    }
  }

  /** Perseveres: a provider that rotates refresh tokens takes the former one for stolen, so that these must not be lost. */
  private async save(id: string, revision: number, sealed: string): Promise<boolean> {
    const giveUpAt = performance.now() + this.leaseMs;
    for (;;) {
      try {
        return await this.store.replace(id, revision, sealed);
      } catch (error) {
        if (!(error instanceof ProblemException) || performance.now() > giveUpAt) throw error;
        await sleep(SAVE_PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  /** Until another process has done it; by this one when that has failed or died. */
  private async refreshedElsewhere(
    session: OpenSession,
    refreshToken: string,
  ): Promise<RefreshResult> {
    const { id, revision } = session;
    const giveUpAt = performance.now() + this.leaseMs;
    while (performance.now() < giveUpAt) {
      await sleep(POLL_MS, undefined, { ref: false });
      const record = await this.store.find(id);
      if (record?.revision !== revision) return 'changed';
      if (await this.store.claimRefresh(id, revision, this.leaseMs)) {
        return this.refreshClaimed(session, refreshToken);
      }
    }
    throw new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE', {
      headers: { 'retry-after': '1' },
      diagnosis: 'another process refreshes the tokens',
    });
  }

  /** If the refresh token that was refused is not the newest one, this says nothing about the session. */
  private async refusedUnlessChanged({ id, revision }: OpenSession): Promise<RefreshResult> {
    const record = await this.store.find(id);
    return record && record.revision !== revision ? 'changed' : 'refused';
  }
}

function isUsable({ accessEndsAt }: SessionContent): boolean {
  return accessEndsAt > Date.now();
}
