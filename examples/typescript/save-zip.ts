import { randomUUID } from 'node:crypto';
import { DownloadsProblem } from 'alfresco-downloads-client';
import { Downloads } from './downloads.ts';

const { DOWNLOADS_URL = 'http://127.0.0.1:3000', DOWNLOADS_USER = 'demo:demo' } = process.env;

/** Saves a ZIP of these nodes in the current folder. */
async function main(nodeIds: string[]): Promise<void> {
  const [name = '', ...password] = DOWNLOADS_USER.split(':');
  const login = { name, password: password.join(':') };
  const downloads = new Downloads(DOWNLOADS_URL, login, { forMs: 120_000 });
  const id = await downloads.create(nodeIds, randomUUID());
  try {
    let last = '';
    for await (const event of downloads.watch(id)) {
      last = event.type;
      if ('entry' in event) {
        const { status, bytesAdded, totalBytes } = event.entry;
        console.log(`${status} ${bytesAdded} of ${totalBytes} bytes`);
      } else console.log(event.type);
    }
    if (last !== 'done') throw new Error(`there will be no ZIP: ${last}`);
    console.log(`saved ${await downloads.save(id, process.cwd())}`);
  } finally {
    await downloads.remove(id);
  }
}

/** A message for the user. Programs should check the code, never the text. */
function explain(error: unknown): string {
  if (!(error instanceof DownloadsProblem)) return String(error);
  const { code, status } = error.problem;
  switch (code) {
    case 'UNAUTHENTICATED':
      return 'Wrong name or password (DOWNLOADS_USER).';
    case 'NODE_NOT_FOUND':
    case 'NODE_FORBIDDEN':
    case 'NODE_NOT_ZIPPABLE':
      return 'One of the documents is not there, is not readable, or cannot be put into a ZIP.';
    case 'CONTENT_ARCHIVED':
      return 'One of the documents is in cold storage and must be restored first.';
    default:
      return `${code ?? status}: ${error.message}`;
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
