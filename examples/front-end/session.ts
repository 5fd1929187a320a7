import { DownloadsProblem, ServiceConnection, endsLogin } from 'alfresco-downloads-client';

/** Without credentials: the browser adds the cookie by itself, to requests to the page's own origin. */
const service = new ServiceConnection({});

/** Where the browser has to go to log in, from where it comes back to this page. */
export const LOG_IN = `/auth/login?returnTo=${encodeURIComponent(location.pathname)}`;

/** The name of who is logged in with this browser. */
export async function whoIsLoggedIn(): Promise<string | undefined> {
  try {
    const { body } = await service.request('/auth/session');
    return (body as { readonly name: string }).name;
  } catch (error) {
    if (isLoggedOut(error)) return undefined;
    throw error;
  }
}

/** Logs out. Returns the address at which the browser also logs out at the provider, if there is one. */
export async function logOut(): Promise<string | undefined> {
  const { body } = await service.request('/auth/logout', { method: 'POST' });
  return (body as { readonly logoutUrl?: string }).logoutUrl;
}

/** Whether the session has ended, or there was none. */
export function isLoggedOut(error: unknown): boolean {
  return error instanceof DownloadsProblem && endsLogin(error.problem);
}
