import { randomUUID } from 'node:crypto';
import { DownloadsError } from './downloads-error.ts';
import { Downloads } from './downloads.ts';

const { DOWNLOADS_URL = 'http://127.0.0.1:3000', DOWNLOADS_USER = 'demo:demo' } = process.env;

/** Saves a ZIP of these nodes in the current folder. */
async function main(nodeIds: string[]): Promise<void> {
  const [name = '', ...password] = DOWNLOADS_USER.split(':');
  const login = { name, password: password.join(':') };
  const downloads = new Downloads(DOWNLOADS_URL, login, { forMs: 120_000 });
  const id = await downloads.create(nodeIds, randomUUID());
  try {
    let status = 'PENDING';
    for await (const download of downloads.watch(id)) {
      ({ status } = download);
      console.log(`${status} ${download.bytesAdded} of ${download.totalBytes} bytes`);
    }
    if (status !== 'DONE') throw new Error(`there will be no ZIP: ${status}`);
    console.log(`saved ${await downloads.save(id, process.cwd())}`);
  } finally {
    await downloads.remove(id);
  }
}

/** A message for the user. Programs should check the code, never the text. */
function explain(error: unknown): string {
  if (!(error instanceof DownloadsError)) return String(error);
  switch (error.code) {
    case 'UNAUTHENTICATED':
      return 'Wrong name or password (DOWNLOADS_USER).';
    case 'NODE_NOT_FOUND':
    case 'NODE_FORBIDDEN':
    case 'NODE_NOT_ZIPPABLE':
      return 'One of the documents is not there, is not readable, or cannot be put into a ZIP.';
    case 'CONTENT_ARCHIVED':
      return 'One of the documents is in cold storage and must be restored first.';
    default:
      return `${error.code ?? error.status}: ${error.message}`;
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
