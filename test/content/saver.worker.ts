import { createHash } from 'node:crypto';
import { type IncomingMessage, get } from 'node:http';
import { parentPort } from 'node:worker_threads';

/** What to save, and for whom. */
export interface Saving {
  readonly number: number;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** What came: a SHA-256, or why there is none. */
export interface Saved {
  readonly number: number;
  readonly result: string;
}

// A thread of its own, since the stand-in for Alfresco keeps the test's thread busy.
parentPort!.on('message', async ({ number, url, headers }: Saving) => {
  const result = await save(url, headers).catch((error: Error) => error.message);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  parentPort!.postMessage({ number, result } satisfies Saved);
});

async function save(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).once('error', reject);
  });
  const hash = createHash('sha256');
  for await (const chunk of answer) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
