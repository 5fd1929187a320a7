import { type Download, toDownload } from '../../alfresco/download.js';
import { isNodeId } from '../../alfresco/alfresco-api.js';
import { isObject } from '../../alfresco/responses.js';

/**
 * What one process tells the others about a download:
 *
 * - `state`: as Alfresco has reported it to a call that began at `requestedAt`, by the monotonic clock of this process
 * - `changed`: a request has changed it, what is known is out of date
 * - `gone`: it has been removed
 * - `free`: the process that polled for all does so no more
 */
export type ProgressNews =
  | {
      readonly kind: 'state';
      readonly id: string;
      readonly download: Download;
      readonly requestedAt: number;
    }
  | { readonly kind: 'changed' | 'gone' | 'free'; readonly id: string };

/** Ages instead of times, since each process has its own clock. */
export function writeNews(news: ProgressNews): string {
  const { kind, id } = news;
  if (kind !== 'state') return JSON.stringify({ kind, id });
  const { download, requestedAt } = news;
  return JSON.stringify({ kind, id, ageMs: performance.now() - requestedAt, download });
}

/** `undefined` when the text is no such message: who else can write to the store is not known here. */
export function readNews(text: string): ProgressNews | undefined {
  try {
    const { kind, id, ageMs, download } = JSON.parse(text) as Record<string, unknown>;
    if (typeof id !== 'string' || !isNodeId(id)) return undefined;
    if (kind === 'changed' || kind === 'gone' || kind === 'free') return { kind, id };
    if (kind !== 'state' || !isObject(download)) return undefined;
    if (typeof ageMs !== 'number' || !(ageMs >= 0)) return undefined;
    const requestedAt = performance.now() - ageMs;
    return { kind, id, download: toDownload(download, id), requestedAt };
  } catch {
    return undefined;
  }
}
