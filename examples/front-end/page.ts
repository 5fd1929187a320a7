import {
  LOG_IN,
  ServiceError,
  create,
  isLoggedOut,
  logOut,
  statusOf,
  whoIsLoggedIn,
} from './service.ts';

const guest = document.querySelector<HTMLElement>('#guest')!;
const user = document.querySelector<HTMLFormElement>('#user')!;
const node = document.querySelector<HTMLInputElement>('[name=node]')!;
const bar = document.querySelector<HTMLProgressElement>('#bar')!;
const message = document.querySelector<HTMLElement>('#message')!;

document.querySelector<HTMLAnchorElement>('#log-in')!.href = LOG_IN;
document.querySelector('#log-out')!.addEventListener('click', () => attempt(leave));
user.addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => makeZip(node.value));
});
attempt(showUser);

async function showUser(): Promise<void> {
  const session = await whoIsLoggedIn();
  guest.hidden = session !== undefined;
  user.hidden = session === undefined;
  document.querySelector('#name')!.textContent = session?.name ?? '';
}

async function leave(): Promise<void> {
  const logoutUrl = await logOut();
  if (logoutUrl === undefined) await showUser();
  else location.assign(logoutUrl);
}

async function makeZip(nodeId: string): Promise<void> {
  message.textContent = '';
  const id = await create([nodeId]);
  await untilDone(id);
  message.textContent = 'The ZIP is being saved.';
  // A navigation, to which the browser adds the cookie, and which leaves the page as it is: the response is an attachment.
  location.assign(`/downloads/${id}/content`);
}

/** Shows the progress until the ZIP is ready. Unlike a token, the cookie goes along with the browser's own `EventSource`. */
async function untilDone(id: string): Promise<void> {
  bar.hidden = false;
  const events = new EventSource(`/downloads/${id}/events`);
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => reject(new Error(reason));
      events.addEventListener('progress', ({ data }) => {
        bar.value = (JSON.parse(String(data)) as { readonly percent: number }).percent;
      });
      events.addEventListener('done', () => resolve());
      events.addEventListener('cancelled', () => fail('The download was cancelled.'));
      events.addEventListener('too-large', () => fail('The ZIP would be too large.'));
      events.addEventListener('gone', ({ data }) =>
        reject(new ServiceError(410, JSON.parse(String(data)))),
      );
      events.addEventListener('error', () => {
        // Otherwise it connects again by itself. It does not say why it was refused; another request does.
        if (events.readyState !== EventSource.CLOSED) return;
        statusOf(id).then(() => fail('The progress cannot be shown.'), reject);
      });
    });
  } finally {
    events.close();
    bar.hidden = true;
  }
}

function attempt(work: () => Promise<void>): void {
  work().catch(async (error: unknown) => {
    message.textContent = isLoggedOut(error) ? 'Log in again.' : explain(error);
    if (isLoggedOut(error)) await showUser();
  });
}

/** A message for the user. Programs should check the code, never the text. */
function explain(error: unknown): string {
  if (error instanceof ServiceError && error.code === 'NODE_FORBIDDEN') {
    return 'You may not read this node, or something in it.';
  }
  return error instanceof Error ? error.message : String(error);
}
