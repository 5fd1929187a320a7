import type { Caller } from '../caller.js';
import type { OpenSession } from './session-refresh.js';
import type { SessionSelector } from './session-store.js';

/** Milliseconds for which a session that was found in the store counts as alive; those that this process ends do not. */
export const FRESHNESS_MS = 500;

/** A session as this process last found it. */
export interface KnownSession extends OpenSession {
  readonly caller: Caller;
  /** Until when it is believed, in milliseconds of the epoch. */
  readonly freshUntil: number;
}

/** Whether it is to be believed without another look. */
export function isFresh({ freshUntil }: KnownSession): boolean {
  return Date.now() < freshUntil;
}

/** Milliseconds until another look at a session that someone watches. */
export function pauseOf(session: KnownSession | undefined): number {
  const freshForMs = (session?.freshUntil ?? 0) - Date.now();
  return (freshForMs > 0 ? Math.min(freshForMs, FRESHNESS_MS) : FRESHNESS_MS) + 1;
}

/** Whether it is among those that end. */
export function isSelected(session: KnownSession, selector: SessionSelector): boolean {
  if ('id' in selector) return session.id === selector.id;
  const { subject = session.subject, issuedUntil } = selector;
  const isOfProvider =
    !('providerSession' in selector) || selector.providerSession === session.providerSession;
  return isOfProvider && session.subject === subject && session.issuedAt <= issuedUntil;
}
