import { sleep } from './abortable-sleep.ts';
import { archiveNameIn } from './archive-name.ts';
import { type Download, type DownloadEvent, readDownload } from './download-event.ts';
import { DownloadWatcher } from './download-watcher.ts';
import { DownloadsProblem, ServiceUnreachable } from './downloads-problem.ts';
import { HeldConnections } from './held-connections.ts';
import { type ServiceAddress, ServiceConnection } from './service-connection.ts';
import { DEFAULT_PACE, type WatchPace } from './watch-pace.ts';

/** A page of the caller's downloads, newest first. */
export interface DownloadPage {
  readonly downloads: readonly Download[];
  readonly totalItems: number;
  readonly hasMoreItems: boolean;
}

/** A link to the ZIP that needs no credentials until it expires. */
export interface DownloadLink {
  readonly contentUrl: string;
  readonly expiryTime: string;
}

export interface DownloadsClientOptions extends ServiceAddress {
  /**
   * How many watched downloads may keep a connection open at a time; the others are polled every other second.
   * Over HTTP/1.1, browsers open six connections to an origin, shared by all its tabs, and further requests have to
   * wait. Over HTTP/2 it can be far more. Default: 3
   */
  readonly maxHeldConnections?: number;
  /** Overrides of `DEFAULT_PACE`. */
  readonly pace?: Partial<WatchPace>;
}

interface Abortable {
  readonly signal?: AbortSignal;
}

/** How often a creation is attempted if no response arrives, and the milliseconds between attempts. */
const CREATE_ATTEMPTS = 3;
const CREATE_RETRY_MS = 1000;

/**
 * A client of alfresco-downloads-bff for browsers and Node.js, without dependencies.
 *
 * Every method rejects with `DownloadsProblem` if the service responds with an error, with `ServiceUnreachable` if no
 * response of the service arrives, and with the reason of an abort.
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
   * Asks for a ZIP of these nodes. If no response arrives, it asks again with the same `idempotencyKey`, so that only one
   * ZIP is made. Pass the same key to repeat a request that failed altogether.
   */
  async create(
    nodeIds: readonly string[],
    options: Abortable & { readonly idempotencyKey?: string } = {},
  ): Promise<Download> {
    const { signal = new AbortController().signal, idempotencyKey = newIdempotencyKey() } = options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { body } = await this.#connection.request('/downloads', {
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

  /** Lists the caller's own downloads. */
  async list(
    options: Abortable & { readonly skipCount?: number; readonly maxItems?: number } = {},
  ): Promise<DownloadPage> {
    const { skipCount = 0, maxItems = 100, signal } = options;
    const path = `/downloads?skipCount=${skipCount}&maxItems=${maxItems}`;
    const { body } = await this.#connection.request(path, { signal });
    return readPage(body);
  }

  async get(id: string, { signal }: Abortable = {}): Promise<Download> {
    return readDownload((await this.#connection.request(pathOf(id), { signal })).body);
  }

  /** Asks for cancellation. The download may still end as DONE. */
  async cancel(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#connection.request(pathOf(id), { method: 'DELETE', signal });
  }

  /** Removes the download and its ZIP, after cancelling it if necessary. */
  async remove(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#connection.request(`${pathOf(id)}?purge=true`, { method: 'DELETE', signal });
  }

  /** Creates a link for `<a href>`, with which the browser saves a ZIP of any size itself. */
  async link(id: string, { signal }: Abortable = {}): Promise<DownloadLink> {
    const path = `${pathOf(id)}/request-direct-access-url`;
    const { body } = await this.#connection.request(path, { method: 'POST', signal });
    const { entry } = (body ?? {}) as { entry?: Partial<DownloadLink> };
    if (!entry?.contentUrl) throw new ServiceUnreachable('The response has no link');
    return entry as DownloadLink;
  }

  /** The name under which the ZIP of a finished download is saved. */
  async archiveName(id: string, { signal }: Abortable = {}): Promise<string | undefined> {
    const { headers } = await this.#connection.request(`${pathOf(id)}/content`, {
      method: 'HEAD',
      signal,
    });
    return archiveNameIn(headers.get('content-disposition') ?? '');
  }

  /**
   * Yields the events of a download until it has ended or no longer exists, or the signal is aborted.
   *
   * It reads the service's event stream. If something in between blocks that, it polls with requests that wait for a
   * change. It reconnects, with increasing delays, after a connection has broken or fallen silent.
   * It throws only if retrying cannot help: `DownloadsProblem` with 400, 401 or 403.
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

/** Reads Alfresco's list format. @throws ServiceUnreachable if it is something else */
function readPage(body: unknown): DownloadPage {
  const { list } = (body ?? {}) as {
    list?: { entries: readonly unknown[]; pagination: Omit<DownloadPage, 'downloads'> };
  };
  if (!list) throw new ServiceUnreachable('The response is not a list');
  const { totalItems, hasMoreItems } = list.pagination;
  return { downloads: list.entries.map(readDownload), totalItems, hasMoreItems };
}

/** A key for `create`. `crypto.randomUUID` does not exist in pages loaded over plain HTTP. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether the outcome of a creation is unknown. */
function isUndecided(error: unknown): boolean {
  return (
    error instanceof ServiceUnreachable ||
    (error instanceof DownloadsProblem && error.problem.code === 'IDEMPOTENCY_KEY_IN_USE')
  );
}
