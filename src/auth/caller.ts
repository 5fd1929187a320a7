import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_TIMER_MS } from '../config/environment.js';

/** Seconds by which the provider's clock may differ from this one. */
export const CLOCK_TOLERANCE = 5;

/** A signed link that is being followed. */
export interface LinkUse {
  /** Whether it is good only for the rest of a transfer that it has begun. */
  readonly hasEnded: boolean;
  /** Name under which the ZIP is to be saved; without it, the one that Alfresco gave it. */
  readonly fileName?: string;
  /** Entity tag of a state of the content: sent only to a link that is good, so that it proves a transfer that has begun. */
  tagOf(modifiedAt: number): string;
}

/** Who is calling, as far as the rest of the service may know. */
export interface Caller {
  /** Owner of downloads: the scheme and the name or subject, so that the same name in two schemes is two callers. */
  readonly id: string;
  /** The name under which Alfresco may know the caller. */
  readonly name: string;
  /** The signed link that stands in for credentials: anyone may have it, and must not use up the limits of its maker. */
  readonly link?: LinkUse;
  /** End of the token behind the request, in milliseconds of the epoch; not of other credentials. */
  readonly expiresAt?: number;
  /** Whether the session behind the request goes on, if it has one that may be ended elsewhere, as a ticket is by a logout. */
  readonly isLoggedIn?: () => Promise<boolean>;
  /** The session of a browser behind the request. */
  readonly session?: CallerSession;
}

/** A session that a caller has come with. */
export interface CallerSession {
  /** By which the store knows it; not what is in the cookie. */
  readonly key: string;
  /** Calls back once it has ended, however it ends. */
  onceEnded(callback: () => void): Disposable;
}

/**
 * Id of someone whom a provider knows, the same for tokens and sessions, so that a script finds what the page of the same
 * person has made. The issuer is in it, or the subject of another provider would be the same caller.
 */
export function callerIdAt(issuer: string, subject: string): string {
  return `oidc:${hash('sha256', issuer, 'base64url').slice(0, 8)}:${subject}`;
}

/** The subject in such an id; `undefined` in any other. */
export function subjectOf(issuer: string, callerId: string): string | undefined {
  const prefix = callerIdAt(issuer, '');
  return callerId.startsWith(prefix) ? callerId.slice(prefix.length) : undefined;
}

/** The caller when `AUTH=none`. */
export const ANONYMOUS: Caller = { id: 'anonymous', name: 'anonymous' };

/** Where `CallerGuard` leaves the caller: a symbol, so that it meets no property of an embedding application. */
export const CALLER = Symbol('caller');

/** A request, which has a caller once `CallerGuard` has let it pass. */
export interface AuthenticatedRequest {
  [CALLER]?: Caller;
}

/**
 * Calls back once the credentials behind a request are no longer valid: at the end of a token or a session, or soon after the end
 * of a ticket.
 *
 * @param everyMs milliseconds between two checks of a ticket
 * @returns ends the wait; `undefined` for credentials that do not end
 */
export function onceCredentialsEnd(
  { expiresAt = Infinity, isLoggedIn, session }: Caller,
  everyMs: number,
  callback: () => void,
): Disposable | undefined {
  const watch = session?.onceEnded(callback);
  if (expiresAt === Infinity && !isLoggedIn) return watch;
  const over = new AbortController();
  const { signal } = over;
  const end = async () => {
    while (Date.now() < expiresAt) {
      const pauseMs = isLoggedIn ? everyMs : MAX_TIMER_MS;
      await sleep(Math.min(pauseMs, expiresAt - Date.now()), undefined, { signal, ref: false });
      // A store that does not respond has not ended a ticket.
      if (isLoggedIn && !(await isLoggedIn().catch(() => true))) break;
    }
    if (!signal.aborted) callback();
  };
  // Only the signal ends the pause.
  end().catch(() => {});
  return {
    [Symbol.dispose]() {
      watch?.[Symbol.dispose]();
      over.abort();
    },
  };
}
