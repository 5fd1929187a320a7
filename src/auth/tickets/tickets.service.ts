import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { AuthConfig } from '../../config/app.config.js';
import { PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import { FailedLogins } from '../../throttling/failed-logins.js';
import { AUTH_CONFIG } from '../auth.config.js';
import type { Caller } from '../caller.js';
import { UserDirectory } from '../user.directory.js';
import { TicketStore } from './ticket.store.js';

/** Milliseconds that a ticket lives without being used, as in Alfresco. */
export const TICKET_TTL_MS = 3_600_000;

const TICKET = /^TICKET_[0-9a-f]{40}$/;

/**
 * Tickets: what Alfresco's clients log in for, and send in place of name and password.
 *
 * Random and remembered rather than signed: a logout has to end a ticket for all processes at once, for which they need
 * the store in any case. Each login gets a ticket of its own, unlike in Alfresco, so that a logout ends nobody else's.
 */
@Injectable()
export class TicketsService {
  private readonly directory: UserDirectory;

  constructor(
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    private readonly store: TicketStore,
    @Inject(PACING_CONFIG) { auth }: Pick<Pacing, 'auth'>,
    @Optional() failedLogins?: FailedLogins,
  ) {
    this.directory = new UserDirectory(config.users, undefined, failedLogins, auth);
  }

  /**
   * A new ticket; `undefined` when name or password is wrong.
   * @param address where the attempt comes from, for the throttle of failures
   * @throws ProblemException TOO_MANY_REQUESTS, STORE_UNAVAILABLE
   */
  async logIn(name: string, password: string, address: string): Promise<string | undefined> {
    if (!(await this.directory.verify(name, password, address))) return undefined;
    const ticket = `TICKET_${randomBytes(20).toString('hex')}`;
    await this.store.save(hashOf(ticket), this.holder(name), TICKET_TTL_MS);
    return ticket;
  }

  /** Whose ticket it is, the same caller as with the password; `undefined` when it has ended. @throws ProblemException STORE_UNAVAILABLE */
  async callerOf(ticket: string): Promise<Caller | undefined> {
    if (!TICKET.test(ticket)) return undefined;
    const record = await this.store.find(hashOf(ticket));
    if (!record) return undefined;
    const [name] = JSON.parse(record.holder) as [string];
    if (record.holder !== this.holder(name)) return undefined;
    // Not each time: a renewal is a write.
    if (record.remainingMs < TICKET_TTL_MS / 2) {
      await this.store.renew(hashOf(ticket), TICKET_TTL_MS);
    }
    return { id: `basic:${name}`, name };
  }

  /** Ends a ticket, for all processes. @throws ProblemException STORE_UNAVAILABLE */
  async logOut(ticket: string): Promise<void> {
    await this.store.remove(hashOf(ticket));
  }

  /** With the password as it is now: tickets end with the user, and when he gets another password. */
  private holder(name: string): string {
    return JSON.stringify([name, hashOf(this.config.users.get(name) ?? '')]);
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
