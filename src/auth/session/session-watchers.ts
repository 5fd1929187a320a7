import { setTimeout as sleep } from 'node:timers/promises';

type Callback = () => void;

/** Sessions as their process knows them. */
export interface WatchedSessions {
  /** Looks for a session, and calls `notify` when it has ended. */
  look(key: string): Promise<unknown>;
  /** Milliseconds until the next look at it. Not always the same: they add to the time for which it is believed anyway. */
  pauseOf(key: string): number;
}

/** What is to be ended with a session, such as event streams, by the session. */
export class SessionWatchers {
  private readonly callbacks = new Map<string, Set<Callback>>();

  constructor(private readonly sessions: WatchedSessions) {}

  /**
   * Calls back once the session has ended: at once when this process ends it, soon when another one does. Disposal of the
   * result ends the wait.
   */
  add(key: string, callback: Callback): Disposable {
    let callbacks = this.callbacks.get(key);
    if (!callbacks) {
      callbacks = new Set();
      this.callbacks.set(key, callbacks);
      void this.watch(key, callbacks);
    }
    callbacks.add(callback);
    return { [Symbol.dispose]: () => this.leave(key, callbacks, callback) };
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

  private leave(key: string, callbacks: Set<Callback>, callback: Callback): void {
    callbacks.delete(callback);
    if (callbacks.size === 0 && this.callbacks.get(key) === callbacks) this.callbacks.delete(key);
  }

  /** Until all have left, or been told. */
  private async watch(key: string, callbacks: Set<Callback>): Promise<void> {
    while (this.callbacks.get(key) === callbacks) {
      await sleep(this.sessions.pauseOf(key), undefined, { ref: false });
      // A store or a provider that does not respond has not ended a session.
      await this.sessions.look(key).catch(() => {});
    }
  }
}
