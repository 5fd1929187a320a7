import { DownloadsClient, DownloadsProblem } from 'alfresco-downloads-client';
import { LOG_IN, isLoggedOut, logOut, whoIsLoggedIn } from './session.ts';

const client = new DownloadsClient();

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
  const name = await whoIsLoggedIn();
  guest.hidden = name !== undefined;
  user.hidden = name === undefined;
  document.querySelector('#name')!.textContent = name ?? '';
}

async function leave(): Promise<void> {
  const logoutUrl = await logOut();
  if (logoutUrl === undefined) await showUser();
  else location.assign(logoutUrl);
}

async function makeZip(nodeId: string): Promise<void> {
  message.textContent = '';
  const { id } = await client.create([nodeId]);
  await untilDone(id);
  message.textContent = 'The ZIP is being saved.';
  // A navigation, to which the browser adds the cookie, and which leaves the page as it is: the response is an attachment.
  location.assign(`/downloads/${id}/content`);
}

/** Shows the progress until the ZIP is ready. */
async function untilDone(id: string): Promise<void> {
  bar.hidden = false;
  try {
    for await (const event of client.watch(id)) {
      if ('percent' in event) bar.value = event.percent;
      if (event.type === 'cancelled') throw new Error('The download was cancelled.');
      if (event.type === 'too-large') throw new Error('The ZIP would be too large.');
      if (event.type === 'gone') throw new DownloadsProblem(event.problem);
    }
  } finally {
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
  if (error instanceof DownloadsProblem && error.problem.code === 'NODE_FORBIDDEN') {
    return 'You may not read this node, or something in it.';
  }
  return error instanceof Error ? error.message : String(error);
}
