import {
  DownloadsClient,
  DownloadsProblem,
  ServiceConnection,
  endsLogin,
} from 'alfresco-downloads-client';
import 'alfresco-downloads-client/element';
import { BasketView } from './basket-view.ts';
import { byId } from './dom.ts';
import { DownloadsView } from './downloads-view.ts';
import { FolderView } from './folder-view.ts';
import type { LogIns } from './log-ins.ts';
import { LoginView } from './login-view.ts';
import {
  type Session,
  endCookieSession,
  endSession,
  loadCookieSession,
  loadSession,
  saveSession,
} from './session.ts';
import { failure } from './wording.ts';

const SESSION_OVER = 'Your login is not valid any more. Log in again.';

const login = new LoginView((session) => {
  saveSession(session);
  open(session).focus();
});
/** Aborts all work of the session. */
let leaving = new AbortController();

/** The user who is logged in. */
let current: Session | undefined;

byId('log-out').addEventListener('click', () => void logOut());
// Another tab may have logged out meanwhile, or someone else may have logged in.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && current && !current.authorization) void checkCookie(current);
});

await start();

async function start(): Promise<void> {
  try {
    const { body } = await new ServiceConnection({}).request('/demo/log-ins');
    login.logIns = body as LogIns;
    const session = await loadSession(body as LogIns);
    if (session) open(session);
    else login.show();
  } catch (error) {
    login.show(failure(error));
  }
}

async function checkCookie({ name }: Session): Promise<void> {
  // If it cannot be found out, it will be at the next request.
  const found = await loadCookieSession().catch(() => current);
  if (current && found?.name !== name) leave(SESSION_OVER);
}

/** Shows the page for a logged-in user. */
function open(session: Session): FolderView {
  const { name, ...credentials } = session;
  current = session;
  leaving = new AbortController();
  const { signal } = leaving;
  const explain = (error: unknown, names?: readonly string[]): string => {
    if (error instanceof DownloadsProblem && endsLogin(error.problem) && !signal.aborted) {
      leave(SESSION_OVER);
    }
    return failure(error, names);
  };

  const client = new DownloadsClient(credentials);
  const downloads = new DownloadsView(client, session.authorization, explain, signal);
  const basket: BasketView = new BasketView(
    client,
    {
      onChange: () => folder.refresh(),
      onMade: (download, contents) => downloads.add(download, contents),
      explain,
    },
    signal,
  );
  const folder = new FolderView(
    new ServiceConnection(credentials),
    {
      isChosen: (id) => basket.has(id),
      choose: (item, isChosen) => basket.choose(item, isChosen),
      explain,
    },
    signal,
  );

  byId('who-name').textContent = name;
  byId('who').hidden = false;
  byId('workspace').hidden = false;
  void folder.start();
  void downloads.load();
  return folder;
}

/** Ends the session here, and that of a cookie at the service and at the provider as well. */
async function logOut(): Promise<void> {
  const isCookie = current?.authorization === undefined;
  leave();
  if (!isCookie) return;
  try {
    const logoutUrl = await endCookieSession();
    if (logoutUrl !== undefined) location.assign(logoutUrl);
  } catch (error) {
    login.show(`You are not logged out. ${failure(error)}`);
  }
}

/** @param reason shown in the login form */
function leave(reason?: string): void {
  current = undefined;
  leaving.abort();
  endSession();
  byId('who').hidden = true;
  byId('workspace').hidden = true;
  login.show(reason);
}
