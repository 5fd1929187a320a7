import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Pacing } from '../../config/pacing.js';
import type { SessionEvents } from './session-events.js';
import type { SessionStore } from './session-store.js';

/**
 * Counts the sessions that have ended by time, as nobody does anything at that moment, and removes what is left of them. Each
 * is counted by one process, the first one to find it.
 */
export class SessionSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly store: Pick<SessionStore, 'sweep'>,
    private readonly events: SessionEvents,
    private readonly pacing: Pick<Pacing['auth'], 'sessionSweepMs'>,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), this.pacing.sessionSweepMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    // Without a store, another time.
    const count = await this.store.sweep().catch(() => 0);
    if (count > 0) this.events.emit('ended', 'expired', count);
  }
}
