import { createHash } from 'node:crypto';
import { type IncomingMessage, get } from 'node:http';
import type { DownloadsApi } from '../harness/api.js';

/** The content of a download over a new connection, read at the test's own pace. */
export function openContent(api: DownloadsApi, id: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const url = `${api.base}/downloads/${id}/content`;
    get(url, { headers: { ...api.headers }, agent: false }, resolve).once('error', reject);
  });
}

/** Reads to the end without buffering. */
export async function digest(
  body: AsyncIterable<Buffer>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
