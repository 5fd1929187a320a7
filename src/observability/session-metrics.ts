import { Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { SessionEvents } from '../auth/session/session-events.js';
import { Metrics } from './metrics.js';

/** Log-ins and sessions, by how they end; nothing in it says whose. Only with `AUTH=session`. */
@Injectable()
export class SessionMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    @Optional() private readonly events?: SessionEvents,
  ) {}

  onModuleInit(): void {
    if (!this.events) return;
    const logins = this.metrics.counter(
      'bff_logins_total',
      'Log-ins at the OpenID provider that came back, by outcome.',
      ['outcome'],
    );
    const refreshes = this.metrics.counter(
      'bff_session_refreshes_total',
      'Calls of the OpenID provider for new tokens of a session, by outcome.',
      ['outcome'],
    );
    const ended = this.metrics.counter(
      'bff_sessions_ended_total',
      'Sessions that have ended, by reason; those that ended by time are counted soon after it.',
      ['reason'],
    );
    this.events.on('login', (outcome) => logins.inc({ outcome }));
    this.events.on('refresh', (outcome) => refreshes.inc({ outcome }));
    this.events.on('ended', (reason, count) => ended.inc({ reason }, count));
  }
}
