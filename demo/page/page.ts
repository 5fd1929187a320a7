import { BasketView } from './basket-view.ts';
import { byId } from './dom.ts';
import { DownloadsClient, DownloadsProblem } from './downloads-client.ts';
import { DownloadsView } from './downloads-view.ts';
import { FolderView } from './folder-view.ts';
import { LoginView } from './login-view.ts';
import { ServiceConnection } from './service-connection.ts';
import { type Session, endSession, loadSession, saveSession } from './session.ts';
import { failure } from './wording.ts';

const login = new LoginView((session) => {
  saveSession(session);
  open(session).focus();
});
/** Aborts all work of the session. */
let leaving = new AbortController();

byId('log-out').addEventListener('click', () => leave());

const session = loadSession();
if (session) open(session);
else login.show();

/** Shows the page for a logged-in user. */
function open({ name, authorization }: Session): FolderView {
  leaving = new AbortController();
  const { signal } = leaving;
  const explain = (error: unknown, names?: readonly string[]): string => {
    if (error instanceof DownloadsProblem && error.problem.status === 401 && !signal.aborted) {
      leave('Your login is not valid any more. Log in again.');
    }
    return failure(error, names);
  };

  const client = new DownloadsClient({ authorization });
  const downloads = new DownloadsView(client, explain, signal);
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
    new ServiceConnection({ authorization }),
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

/** @param reason shown in the login form */
function leave(reason?: string): void {
  leaving.abort();
  endSession();
  byId('who').hidden = true;
  byId('workspace').hidden = true;
  login.show(reason);
}
