import { EventEmitter } from 'node:events';

/** How a call of the provider ended: it gave tokens, it did not, or it did not respond. */
export type ProviderOutcome = 'success' | 'refused' | 'unavailable';

/** Why sessions ended: by the caller, by the provider, by another log-in of the same browser, without a grant, by time. */
export type EndReason = 'logout' | 'backchannel' | 'login' | 'refused' | 'expired';

/** What becomes of log-ins and sessions, for those who count it. */
export class SessionEvents extends EventEmitter<{
  login: [outcome: ProviderOutcome];
  refresh: [outcome: ProviderOutcome];
  ended: [reason: EndReason, count: number];
}> {}

type Callback = () => void;

/** What is to be ended with a session, such as event streams, by the session. */
export class SessionWatchers {
  private readonly callbacks = new Map<string, Set<Callback>>();

  /** Calls back at the end of the session. Returns how to leave, and whether nobody else waits for this end. */
  add(key: string, callback: Callback): { readonly isFirst: boolean; readonly watch: Disposable } {
    const callbacks = this.callbacks.get(key) ?? new Set();
    this.callbacks.set(key, callbacks.add(callback));
    const leave = () => {
      callbacks.delete(callback);
      if (callbacks.size === 0 && this.callbacks.get(key) === callbacks) this.callbacks.delete(key);
    };
    return { isFirst: callbacks.size === 1, watch: { [Symbol.dispose]: leave } };
  }

  /** Those who wait for the end of the session, the same until it has ended or all have left. */
  of(key: string): ReadonlySet<Callback> | undefined {
    return this.callbacks.get(key);
  }

  /** The session has ended. */
  notify(key: string): void {
    const callbacks = this.callbacks.get(key);
    this.callbacks.delete(key);
    for (const callback of callbacks ?? []) callback();
  }

  clear(): void {
    this.callbacks.clear();
  }
}
