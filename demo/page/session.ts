import { DownloadsProblem, ServiceConnection } from 'alfresco-downloads-client';
import type { LogIns } from './log-ins.ts';

/** The logged-in user. */
export interface Session {
  readonly name: string;
  /** Absent where a cookie does it, which the browser keeps from the page and sends by itself. */
  readonly authorization?: string;
}

const KEY = 'alfresco-downloads.session';

/** Creates a session from a name and password (RFC 7617). */
export function sessionOf(name: string, password: string): Session {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return { name, authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

/**
 * The session that this browser has, if there is one.
 *
 * That of a name and password is in the tab's storage: a shortcut for the demo, so that a reload needs no login, but any
 * script in the page can read it. With a cookie there is nothing to read.
 */
export async function loadSession({ here }: LogIns): Promise<Session | undefined> {
  if (here === 'provider') return loadCookieSession();
  const text = sessionStorage.getItem(KEY);
  return text === null ? undefined : (JSON.parse(text) as Session);
}

/** Whose cookie the browser has. @throws ServiceUnreachable, DownloadsProblem other than that nobody is logged in */
export async function loadCookieSession(): Promise<Session | undefined> {
  try {
    const { body } = await new ServiceConnection({}).request('/auth/session');
    const { name } = body as { readonly name: string };
    return { name };
  } catch (error) {
    if (error instanceof DownloadsProblem && error.problem.status === 401) return undefined;
    throw error;
  }
}

/** Stores the session of a name and password for this tab. */
export function saveSession(session: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

/** Deletes everything that this tab has stored. */
export function endSession(): void {
  sessionStorage.clear();
}

/** Ends the session of the cookie. Returns the address at the provider that ends the session there, if there is one. */
export async function endCookieSession(): Promise<string | undefined> {
  const { body } = await new ServiceConnection({}).request('/auth/logout', { method: 'POST' });
  return (body as { readonly logoutUrl?: string }).logoutUrl;
}
