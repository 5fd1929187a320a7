import { randomBytes } from 'node:crypto';

/** `authentication.ticket.validDuration`: one hour after the last use. */
export const TICKET_VALID_MS = 3_600_000;

interface Ticket {
  id: string;
  userId: string;
  expiresAt: number;
  renewed: boolean;
}

/** InMemoryTicketComponentImpl: one ticket per user, shared by all of the user's logins. */
export class Tickets {
  readonly #byId = new Map<string, Ticket>();
  readonly #now: () => number;
  readonly #validMs: number;

  constructor(now: () => number = Date.now, validMs = TICKET_VALID_MS) {
    this.#now = now;
    this.#validMs = validMs;
  }

  /** Returns the user's ticket, which is created if there is none. */
  issue(userId: string): string {
    for (const ticket of this.#byId.values()) {
      if (ticket.userId === userId && this.validate(ticket.id) !== undefined) return ticket.id;
    }
    const id = `TICKET_${randomBytes(20).toString('hex')}`;
    this.#byId.set(id, { id, userId, expiresAt: this.#now() + this.#validMs, renewed: false });
    return id;
  }

  /** Returns the user of a ticket and renews it, or undefined if it is unknown or has expired. */
  validate(id: string): string | undefined {
    const ticket = this.#byId.get(id);
    if (ticket === undefined) return undefined;
    const remaining = ticket.expiresAt - this.#now();
    if (remaining <= 0) {
      this.#byId.delete(id);
      return undefined;
    }
    // A fresh ticket is renewed in the second half of its lifetime, a renewed one after each tenth.
    if (remaining < this.#validMs * (ticket.renewed ? 0.9 : 0.5)) {
      ticket.expiresAt = this.#now() + this.#validMs;
      ticket.renewed = true;
    }
    return ticket.userId;
  }

  invalidate(id: string): void {
    this.#byId.delete(id);
  }

  /** Invalidates all tickets, as a restart of Alfresco does, which keeps them in memory only. */
  clear(): void {
    this.#byId.clear();
  }
}
