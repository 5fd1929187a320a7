/** Who is logged in. */
export interface Session {
  readonly name: string;
  readonly authorization: string;
}

const KEY = 'alfresco-downloads.session';

/** The session of name and password (RFC 7617). */
export function sessionOf(name: string, password: string): Session {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return { name, authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

/**
 * The session of this tab, if there is one.
 *
 * A shortcut of the demo, so that a reload does not ask again: whatever runs in the page can read it. An application
 * keeps an access token in memory instead (`authorization` of the client may be a function that gets it), or has its
 * own server call the API.
 */
export function loadSession(): Session | undefined {
  const text = sessionStorage.getItem(KEY);
  return text === null ? undefined : (JSON.parse(text) as Session);
}

export function saveSession(session: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

/** Forgets everything that this tab knows. */
export function endSession(): void {
  sessionStorage.clear();
}
