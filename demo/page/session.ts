/** The logged-in user. */
export interface Session {
  readonly name: string;
  readonly authorization: string;
}

const KEY = 'alfresco-downloads.session';

/** Creates a session from a name and password (RFC 7617). */
export function sessionOf(name: string, password: string): Session {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return { name, authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

/**
 * The session of this tab, if there is one.
 *
 * A shortcut for the demo, so that a reload needs no login: any script in the page can read it. An application
 * keeps an access token in memory instead (`authorization` of the client can be a function that returns it), or has its
 * own server call the API.
 */
export function loadSession(): Session | undefined {
  const text = sessionStorage.getItem(KEY);
  return text === null ? undefined : (JSON.parse(text) as Session);
}

export function saveSession(session: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

/** Deletes everything that this tab has stored. */
export function endSession(): void {
  sessionStorage.clear();
}
