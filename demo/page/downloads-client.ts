import { sleep } from './abortable-sleep.ts';
import { archiveNameIn } from './archive-name.ts';
import { type Download, type DownloadEvent, readDownload } from './download-event.ts';
import { DownloadWatcher } from './download-watcher.ts';
import { DownloadsProblem, ServiceUnreachable } from './downloads-problem.ts';
import { HeldConnections } from './held-connections.ts';
import { type ServiceAddress, ServiceConnection } from './service-connection.ts';
import { DEFAULT_PACE, type WatchPace } from './watch-pace.ts';

export type { Download, DownloadEvent, Problem } from './download-event.ts';
export { DownloadsProblem, ServiceUnreachable } from './downloads-problem.ts';

/** A page of one's downloads, newest first. */
export interface DownloadPage {
  readonly downloads: readonly Download[];
  readonly totalItems: number;
  readonly hasMoreItems: boolean;
}

/** An address of the ZIP that needs no credentials until it expires. */
export interface DownloadLink {
  readonly contentUrl: string;
  readonly expiryTime: string;
}

export interface DownloadsClientOptions extends ServiceAddress {
  /**
   * How many watched downloads may keep a connection open at a time; the others are asked about every other second.
   * Browsers open six connections to an origin over HTTP/1.1, those of all its tabs together, and whatever comes
   * then has to wait. Over HTTP/2 this may be far more. Default: 3
   */
  readonly maxHeldConnections?: number;
  /** What differs from `DEFAULT_PACE`. */
  readonly pace?: Partial<WatchPace>;
}

interface Abortable {
  readonly signal?: AbortSignal;
}

/** How often a creation is tried whose response did not arrive, and milliseconds until the next time. */
const CREATE_ATTEMPTS = 3;
const CREATE_RETRY_MS = 1000;

/**
 * A client of alfresco-downloads-bff for browsers, without dependencies. It runs in Node.js, too.
 *
 * Every method rejects with `DownloadsProblem` when the service refuses or fails, with `ServiceUnreachable` when no
 * response of it arrives, and with the reason of an abort.
 *
 * @example
 * const client = new DownloadsClient({ authorization: `Bearer ${token}` });
 * const { id } = await client.create(['972a8469-1641-4f82-8b9d-2434e465e150']);
 * for await (const event of client.watch(id)) {
 *   if (event.type === 'progress') bar.value = event.percent;
 *   if (event.type === 'done') location.assign((await client.link(id)).contentUrl);
 * }
 */
export class DownloadsClient {
  readonly #connection: ServiceConnection;
  readonly #held: HeldConnections;
  readonly #pace: WatchPace;

  constructor(options: DownloadsClientOptions = {}) {
    this.#connection = new ServiceConnection(options);
    this.#held = new HeldConnections(options.maxHeldConnections ?? 3);
    this.#pace = { ...DEFAULT_PACE, ...options.pace };
  }

  /**
   * Asks for a ZIP of these nodes. When no response arrives it asks again, under the same `idempotencyKey`, so that there
   * is one ZIP however often. Give the same key to repeat a request that failed altogether.
   */
  async create(
    nodeIds: readonly string[],
    options: Abortable & { readonly idempotencyKey?: string } = {},
  ): Promise<Download> {
    const { signal = new AbortController().signal, idempotencyKey = newIdempotencyKey() } = options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { body } = await this.#connection.ask('/downloads', {
          method: 'POST',
          headers: { 'Idempotency-Key': idempotencyKey },
          body: { nodeIds },
          signal,
        });
        return readDownload(body);
      } catch (error) {
        if (attempt === CREATE_ATTEMPTS || !isUndecided(error)) throw error;
      }
      await sleep(attempt * CREATE_RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }

  /** One's own downloads. */
  async list(
    options: Abortable & { readonly skipCount?: number; readonly maxItems?: number } = {},
  ): Promise<DownloadPage> {
    const { skipCount = 0, maxItems = 100, signal } = options;
    const path = `/downloads?skipCount=${skipCount}&maxItems=${maxItems}`;
    const { body } = await this.#connection.ask(path, { signal });
    return readPage(body);
  }

  async get(id: string, { signal }: Abortable = {}): Promise<Download> {
    return readDownload((await this.#connection.ask(pathOf(id), { signal })).body);
  }

  /** Asks for cancellation. The download may still end as DONE. */
  async cancel(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#connection.ask(pathOf(id), { method: 'DELETE', signal });
  }

  /** Cancels the download, if it is still being made, and removes it with its ZIP. */
  async remove(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#connection.ask(`${pathOf(id)}?purge=true`, { method: 'DELETE', signal });
  }

  /** A link for `<a href>`: the browser saves the ZIP by itself, however large it is. */
  async link(id: string, { signal }: Abortable = {}): Promise<DownloadLink> {
    const path = `${pathOf(id)}/request-direct-access-url`;
    const { body } = await this.#connection.ask(path, { method: 'POST', signal });
    const { entry } = (body ?? {}) as { entry?: Partial<DownloadLink> };
    if (!entry?.contentUrl) throw new ServiceUnreachable('The response has no link');
    return entry as DownloadLink;
  }

  /** The name under which the ZIP of a finished download is saved. */
  async archiveName(id: string, { signal }: Abortable = {}): Promise<string | undefined> {
    const { headers } = await this.#connection.ask(`${pathOf(id)}/content`, {
      method: 'HEAD',
      signal,
    });
    return archiveNameIn(headers.get('content-disposition') ?? '');
  }

  /**
   * Tells what happens to a download until it has ended or does not exist any more, or the signal is aborted.
   *
   * It listens to the service's event stream. Where something in between does not let that through, it asks: with
   * requests that wait for a change. A connection that breaks, or has gone silent, is made anew, later each time.
   * Only what cannot be helped is thrown: `DownloadsProblem` with 400, 401 or 403.
   */
  async *watch(
    id: string,
    { signal = new AbortController().signal }: Abortable = {},
  ): AsyncGenerator<DownloadEvent, void, undefined> {
    const path = pathOf(id);
    yield* new DownloadWatcher(this.#connection, path, this.#held, this.#pace, signal).events();
  }
}

function pathOf(id: string): string {
  return `/downloads/${encodeURIComponent(id)}`;
}

/** Alfresco's list. @throws ServiceUnreachable when it is none */
function readPage(body: unknown): DownloadPage {
  const { list } = (body ?? {}) as {
    list?: { entries: readonly unknown[]; pagination: Omit<DownloadPage, 'downloads'> };
  };
  if (!list) throw new ServiceUnreachable('The response is no list');
  const { totalItems, hasMoreItems } = list.pagination;
  return { downloads: list.entries.map(readDownload), totalItems, hasMoreItems };
}

/** For `create`. Works also where `crypto.randomUUID` does not exist: in a page from plain HTTP. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether it is open what has become of a creation. */
function isUndecided(error: unknown): boolean {
  return (
    error instanceof ServiceUnreachable ||
    (error instanceof DownloadsProblem && error.problem.code === 'IDEMPOTENCY_KEY_IN_USE')
  );
}
