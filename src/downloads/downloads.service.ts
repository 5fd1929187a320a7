import { Inject, Injectable } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import { type Download, type DownloadNode, isTerminal } from '../alfresco/download.js';
import { type Caller, onceCredentialsEnd } from '../auth/caller.js';
import { LinkSigner, type SignedLink } from '../auth/signed-link.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ProblemException, isProblem } from '../problems/problem.exception.js';
import { OwnershipService } from './ownership.service.js';
import { isLast, stateTag } from './progress/progress-event.js';
import { ProgressTracker } from './progress/progress-tracker.js';
import { type DownloadRecord, DownloadRegistry } from './registry/download-registry.js';
import { RemovalService } from './removal.service.js';

/** Status calls to Alfresco that one list runs at a time. */
const LIST_CONCURRENCY = 8;

/** Pages of the registry that one list reads at most, to fill up its own. */
const MAX_LIST_ROUNDS = 2;

/** How long a caller is willing to wait for a change, and which state they have. */
export interface WaitOptions {
  readonly seconds: number;
  /** Whether the caller has the state of this `stateTag`; without it, they wait for the next change. */
  readonly known?: (tag: string) => boolean;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** How a signed link is to be made. */
export interface LinkOptions {
  /** Name under which the ZIP is to be saved; without it, the one that Alfresco gave it. */
  readonly fileName?: string;
  /** Seconds; without it, as long as links may be good. */
  readonly validFor?: number;
}

/** A page of a caller's downloads, newest first. */
export interface DownloadList {
  readonly downloads: readonly Download[];
  readonly totalItems: number;
  readonly hasMoreItems: boolean;
}

/** For a row of the registry: its download, removed by Alfresco, or not shown by Alfresco to this caller. */
type Found = Download | 'gone' | 'hidden';

/**
 * Reads, cancels, removes and shares the downloads of a caller. Every method that takes an id throws ProblemException
 * DOWNLOAD_NOT_FOUND for one this service did not make, FORBIDDEN for one of another caller, and
 * STORE_UNAVAILABLE when the registry cannot say whose it is.
 */
@Injectable()
export class DownloadsService {
  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly registry: DownloadRegistry,
    private readonly tracker: ProgressTracker,
    private readonly ownership: OwnershipService,
    private readonly links: LinkSigner,
    private readonly removal: RemovalService,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'events'>,
  ) {}

  /** The download as it is now; with `wait`, once it has changed, or the time is over. */
  async get(caller: Caller, id: string, wait?: WaitOptions): Promise<Download> {
    // Mostly there is nothing to wait for, and a turn of the microtask queue is a noticeable part of a read.
    const isPending = this.ownership.assertCanRead(caller, id);
    if (isPending) await isPending;
    const read = this.tracker.read(caller, id);
    const download = read instanceof Promise ? await read : read;
    if (!wait || isTerminal(download.status)) return download;
    const tag = stateTag(download);
    if (wait.known?.(tag) === false) return download;
    const { seconds, signal } = wait;
    const over = new AbortController();
    const { heartbeatMs } = this.pacing.events;
    const credentials = onceCredentialsEnd(caller, heartbeatMs, () =>
      over.abort(new ProblemException('UNAUTHENTICATED')),
    );
    const event = await this.tracker
      .waitFor(caller, id, (known) => known.name !== 'gone' && stateTag(known.download) !== tag, {
        ms: seconds * 1000,
        signal: AbortSignal.any([signal, over.signal]),
      })
      .finally(() => credentials?.[Symbol.dispose]());
    over.signal.throwIfAborted();
    if (event?.name === 'gone') throw event.problem;
    return event?.download ?? this.tracker.read(caller, id);
  }

  /** The node of the download as it is now. */
  async node(caller: Caller, id: string): Promise<DownloadNode> {
    await this.ownership.assertCanRead(caller, id);
    return this.tracker.forgetIfNotFound(id, this.alfresco.getDownloadNode(id, caller));
  }

  /** The final state of a download that the caller has just made, or whatever it is when time is over. */
  async untilFinished(
    caller: Caller,
    made: Download,
    { seconds, signal }: WaitOptions,
  ): Promise<Download> {
    const limits = { ms: seconds * 1000, signal };
    const event = await this.tracker.waitFor(caller, made.id, isLast, limits);
    if (event && event.name !== 'gone') return event.download;
    // Whatever went wrong since: the download was made, and the response has to say so.
    return Promise.resolve(this.tracker.read(caller, made.id)).catch(() => made);
  }

  /**
   * A page of the caller's downloads. Those that Alfresco has removed are forgotten, and the page filled up with the next
   * ones, so that a client that goes on at `skipCount + maxItems` skips no download. After thousands of removals the page may
   * be short; the next call goes on forgetting.
   *
   * @param signal aborted when the client disconnects
   */
  async list(
    caller: Caller,
    skipCount: number,
    maxItems: number,
    signal: AbortSignal,
  ): Promise<DownloadList> {
    const downloads: Download[] = [];
    let hidden = 0;
    for (let round = 1; ; round += 1) {
      const at = skipCount + downloads.length + hidden;
      const page = await this.registry.list(caller.id, at, maxItems - downloads.length);
      const found = await this.readAll(caller, page.records, signal);
      downloads.push(...found.filter((one) => typeof one !== 'string'));
      hidden += found.filter((one) => one === 'hidden').length;
      const gone = found.filter((one) => one === 'gone').length;
      const left = page.total - gone;
      const hasMoreItems = skipCount + downloads.length + hidden < left;
      const isFull = downloads.length === maxItems || found.length === 0 || !hasMoreItems;
      if (isFull || round === MAX_LIST_ROUNDS || signal.aborted) {
        return { downloads, totalItems: left - hidden, hasMoreItems };
      }
    }
  }

  /** Asks for cancellation. The download may still end DONE. */
  async cancel(caller: Caller, id: string): Promise<void> {
    await this.ownership.assertOwner(caller, id);
    await this.removal.cancel(caller, id);
  }

  /** Removes the download and its ZIP for good. One that still runs is cancelled before. */
  async remove(caller: Caller, id: string): Promise<void> {
    await this.ownership.assertOwner(caller, id);
    await this.removal.remove(caller, await this.tracker.read(caller, id));
  }

  /** As `remove`, but not an error when Alfresco removes it first: afterwards there is no download either way. */
  async purge(caller: Caller, id: string): Promise<void> {
    await this.ownership.assertOwner(caller, id);
    const download = await this.tracker.read(caller, id);
    try {
      await this.removal.remove(caller, download);
    } catch (error) {
      if (!isProblem(error, 'DOWNLOAD_NOT_FOUND')) throw error;
    }
  }

  /**
   * A signed query for a GET or HEAD of `path`, the path of the content of this download.
   * @throws ProblemException VALIDATION_FAILED when `validFor` is too long
   */
  async link(
    caller: Caller,
    id: string,
    path: string,
    { fileName, validFor }: LinkOptions = {},
  ): Promise<SignedLink> {
    const { longestSeconds } = this.links;
    if (validFor !== undefined && validFor > longestSeconds) {
      const detail = `must be at most ${longestSeconds} seconds`;
      throw new ProblemException('VALIDATION_FAILED', {
        errors: [{ pointer: '/validFor', detail }],
      });
    }
    await this.ownership.assertOwner(caller, id);
    return this.links.sign(path, { caller, fileName }, validFor);
  }

  private async readAll(
    caller: Caller,
    records: readonly DownloadRecord[],
    signal: AbortSignal,
  ): Promise<Found[]> {
    const found: Found[] = [];
    for (let start = 0; start < records.length && !signal.aborted; start += LIST_CONCURRENCY) {
      const batch = records.slice(start, start + LIST_CONCURRENCY);
      found.push(...(await Promise.all(batch.map(({ id }) => this.readListed(caller, id)))));
    }
    return found;
  }

  /** One download that Alfresco refuses, as after a change of the service's account, must not fail the whole list. */
  private async readListed(caller: Caller, id: string): Promise<Found> {
    try {
      return await this.tracker.read(caller, id);
    } catch (error) {
      if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) return 'gone';
      if (isProblem(error, 'FORBIDDEN') || isProblem(error, 'NOT_A_DOWNLOAD')) return 'hidden';
      throw error;
    }
  }
}
