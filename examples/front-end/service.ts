import type { components } from '../downloads-api.d.ts';

type Schemas = components['schemas'];

/** The service has responded with an error. `code` is for programs, the message for people. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** Undefined if the response came from something in front of the service. */
  readonly code: Schemas['ProblemDocument']['code'] | undefined;

  constructor(status: number, problem?: Schemas['ProblemDocument']) {
    super(problem?.detail ?? `status ${status}`);
    this.code = problem?.code;
  }
}

/** Where the browser has to go to log in, from where it comes back to this page. */
export const LOG_IN = `/auth/login?returnTo=${encodeURIComponent(location.pathname)}`;

/** Who is logged in with this browser. */
export async function whoIsLoggedIn(): Promise<Schemas['Session'] | undefined> {
  try {
    return (await call('GET', '/auth/session')) as Schemas['Session'];
  } catch (error) {
    if (isLoggedOut(error)) return undefined;
    throw error;
  }
}

/** Logs out. Returns the address at which the browser also logs out at the provider, if there is one. */
export async function logOut(): Promise<string | undefined> {
  return ((await call('POST', '/auth/logout')) as Schemas['Logout']).logoutUrl;
}

/** Asks for a ZIP. Returns the id of the download. */
export async function create(nodeIds: readonly string[]): Promise<string> {
  const { entry } = (await call('POST', '/downloads', { nodeIds })) as Schemas['DownloadEntry'];
  return entry.id!;
}

/** The status of a download now, also to find out why its event stream has ended. */
export async function statusOf(id: string): Promise<Schemas['Download']['status']> {
  return ((await call('GET', `/downloads/${id}`)) as Schemas['DownloadEntry']).entry.status;
}

/** Whether the session has ended, or there was none. */
export function isLoggedOut(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'UNAUTHENTICATED';
}

/** The browser adds the cookie by itself, to requests to the page's own origin. */
async function call(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(path, {
    method,
    headers: {
      // The service accepts no change by cookie without it: forms of other sites cannot send it.
      'X-Requested-With': 'XMLHttpRequest',
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const content: unknown = await response.json().catch(() => undefined);
  if (response.ok) return content;
  throw new ServiceError(response.status, content as Schemas['ProblemDocument'] | undefined);
}
