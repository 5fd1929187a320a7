import { randomBytes } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { AuthConfig } from '../../config/app-config.js';
import type { Caller } from '../caller.js';
import { hashForStore } from '../stores.js';
import { type UserDirectory, userCaller } from '../user-directory.js';
import type { TicketStore } from './ticket-store.js';

/** Milliseconds that a ticket lives without being used, a minute less at most; in Alfresco it is half an hour to an hour. */
export const TICKET_TTL_MS = 3_600_000;

/** Milliseconds between two renewals of a ticket in use; each is a write. */
const RENEW_EVERY_MS = 60_000;

const TICKET = /^TICKET_[0-9a-f]{40}$/;

/** The holder of a ticket that was given for a token. */
type TokenHolder = Pick<Caller, 'id' | 'name' | 'expiresAt'> & { readonly issuer?: string };

/**
 * Tickets, which Alfresco's clients log in for and send in place of name and password.
 *
 * Random and stored rather than signed: a logout has to end a ticket for all processes at once, for which they need the
 * store in any case. Each login gets a ticket of its own, unlike in Alfresco, so that a logout ends no other session.
 */
export class TicketsService implements OnApplicationShutdown {
  constructor(
    private readonly config: AuthConfig,
    private readonly store: TicketStore,
    private readonly users: UserDirectory,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }

  /**
   * A new ticket; `undefined` when name or password is wrong.
   * @param address where the attempt comes from, for the throttle of failures
   * @throws ProblemException TOO_MANY_REQUESTS, STORE_UNAVAILABLE
   */
  async logIn(name: string, password: string, address: string): Promise<string | undefined> {
    if (!(await this.users.verify(name, password, address))) return undefined;
    const ticket = newTicket();
    await this.store.save(hashForStore(ticket), this.holder(name), TICKET_TTL_MS);
    return ticket;
  }

  /**
   * A new ticket for the bearer of a token, which ends with the token.
   * @throws ProblemException STORE_UNAVAILABLE
   */
  async exchange({ id, name, expiresAt }: Caller): Promise<string> {
    const ticket = newTicket();
    // A token is accepted a moment longer than it says.
    const ttl = Math.max(1, Math.min(TICKET_TTL_MS, expiresAt! - Date.now()));
    const holder: TokenHolder = { id, name, expiresAt, issuer: this.config.oidc?.issuer };
    await this.store.save(hashForStore(ticket), JSON.stringify(holder), ttl);
    return ticket;
  }

  /** The holder of a ticket, the same caller as with password or token; `undefined` when it has ended. @throws ProblemException STORE_UNAVAILABLE */
  async callerOf(ticket: string): Promise<Caller | undefined> {
    if (!TICKET.test(ticket)) return undefined;
    const key = hashForStore(ticket);
    const record = await this.store.find(key);
    const caller = record && this.callerIn(record.holder);
    if (!caller) return undefined;
    const ttl = Math.min(TICKET_TTL_MS, (caller.expiresAt ?? Infinity) - Date.now());
    if (record.remainingMs < ttl - RENEW_EVERY_MS) await this.store.renew(key, ttl);
    return caller;
  }

  /** Whether a ticket has not ended yet, without renewing it. @throws ProblemException STORE_UNAVAILABLE */
  async isAlive(ticket: string): Promise<boolean> {
    return (await this.store.find(hashForStore(ticket))) !== undefined;
  }

  /** Ends a ticket, for all processes. @throws ProblemException STORE_UNAVAILABLE */
  async logOut(ticket: string): Promise<void> {
    await this.store.remove(hashForStore(ticket));
  }

  private callerIn(holder: string): Caller | undefined {
    const kept = JSON.parse(holder) as [name: string, hash: string] | TokenHolder;
    if (!Array.isArray(kept)) return this.callerOfToken(kept);
    const [name] = kept;
    return holder === this.holder(name) ? userCaller(name) : undefined;
  }

  /** `undefined` when tokens of that issuer are not accepted any more. */
  private callerOfToken({ id, name, expiresAt, issuer }: TokenHolder): Caller | undefined {
    const { oidc } = this.config;
    const isAccepted = oidc !== undefined && issuer === oidc.issuer;
    return isAccepted && expiresAt! > Date.now() ? { id, name, expiresAt } : undefined;
  }

  /** With the password as it is now: tickets end when the user is removed or gets another password. */
  private holder(name: string): string {
    return JSON.stringify([name, hashForStore(this.config.users.get(name) ?? '')]);
  }
}

function newTicket(): string {
  return `TICKET_${randomBytes(20).toString('hex')}`;
}
