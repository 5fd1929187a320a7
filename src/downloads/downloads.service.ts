import { Inject, Injectable, Logger } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import type { Download } from '../alfresco/download.js';
import type { Caller } from '../auth/caller.js';
import { LinkSigner, type SignedLink } from '../auth/link.signer.js';
import { ProblemException } from '../problems/problem.exception.js';
import { DOWNLOADS_OPTIONS, type DownloadsOptions } from './downloads.options.js';
import { IdempotencyService, keyInUse } from './idempotency.service.js';
import { OwnershipService } from './ownership.service.js';
import { type Claim, DownloadRegistry } from './registry/download.registry.js';
import { OwnerConflictError } from './registry/owner-conflict.error.js';

/** Status calls to Alfresco that one list runs at a time. */
const LIST_CONCURRENCY = 8;

/** A page of a caller's downloads, newest first. */
export interface DownloadList {
  readonly downloads: readonly Download[];
  readonly totalItems: number;
  readonly hasMoreItems: boolean;
}

/**
 * What a caller can do with downloads. Every method that takes an id throws ProblemException
 * DOWNLOAD_NOT_FOUND for one this service did not make, FORBIDDEN for one of another caller, and
 * STORE_UNAVAILABLE when it cannot be told.
 */
@Injectable()
export class DownloadsService {
  private readonly logger = new Logger('Downloads');

  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly registry: DownloadRegistry,
    private readonly ownership: OwnershipService,
    private readonly idempotency: IdempotencyService,
    private readonly links: LinkSigner,
    @Inject(DOWNLOADS_OPTIONS) private readonly options: DownloadsOptions,
  ) {}

  /**
   * Starts a ZIP; it is made in the background. With an idempotency key, the same caller gets the same download
   * for the same nodes, however often and from however many processes he asks.
   * @throws ProblemException TOO_MANY_NODES, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED and those of Alfresco
   */
  async create(caller: Caller, nodeIds: readonly string[], key?: string): Promise<Download> {
    const { maxNodeIds } = this.options;
    if (nodeIds.length > maxNodeIds) throw tooManyNodes(nodeIds.length, maxNodeIds);
    if (key === undefined) {
      // Better than to find out when the node is there and has to be removed again.
      await this.registry.ping();
      return this.make(caller, nodeIds);
    }

    const id = await this.idempotency.once({
      owner: caller.id,
      key,
      nodeIds,
      carryOut: async (claim) => (await this.make(caller, nodeIds, claim)).id,
      isVoid: (made) => this.isVoid(caller, made),
    });
    return asCreated(id);
  }

  /** The download as it is now. */
  async get(caller: Caller, id: string): Promise<Download> {
    await this.ownership.require(caller, id);
    return this.look(caller, id);
  }

  /** @param skipCount @param maxItems as in Alfresco's paging */
  async list(caller: Caller, skipCount: number, maxItems: number): Promise<DownloadList> {
    const { records, total } = await this.registry.list(caller.id, skipCount, maxItems);
    const found: (Download | undefined)[] = [];
    for (let start = 0; start < records.length; start += LIST_CONCURRENCY) {
      const batch = records.slice(start, start + LIST_CONCURRENCY);
      found.push(...(await Promise.all(batch.map(({ id }) => this.lookIfThere(caller, id)))));
    }
    const downloads = found.filter((download) => download !== undefined);
    return {
      downloads,
      totalItems: total - (found.length - downloads.length),
      hasMoreItems: skipCount + records.length < total,
    };
  }

  /** Asks for cancellation. The download may still end DONE. */
  async cancel(caller: Caller, id: string): Promise<void> {
    await this.ownership.require(caller, id);
    await this.forgetIfGone(id, this.alfresco.cancelDownload(id, caller.name));
  }

  /** Removes the download node and its ZIP for good. */
  async remove(caller: Caller, id: string): Promise<void> {
    await this.ownership.require(caller, id);
    await this.forgetIfGone(id, this.alfresco.deleteNode(id, caller.name));
    await this.registry.remove(id);
  }

  /** A signed query for a GET or HEAD of `path`, which is where the content of this download is. */
  async link(caller: Caller, id: string, path: string): Promise<SignedLink> {
    await this.ownership.require(caller, id);
    return this.links.sign(path, caller);
  }

  /** Nothing is acknowledged that is not recorded: nobody could use it, and nobody would remove it. */
  private async make(caller: Caller, nodeIds: readonly string[], claim?: Claim): Promise<Download> {
    const download = await this.alfresco.createDownload(nodeIds, caller.name);
    const record = { id: download.id, owner: caller.id, createdAt: Date.now() };
    const isRecorded = await this.registry.add(record, claim).catch(async (error: unknown) => {
      // It is somebody else's, then, and not for this request to remove.
      if (!(error instanceof OwnerConflictError)) await this.discard(caller, download.id);
      throw error;
    });
    if (isRecorded) return download;
    // The claim expired while Alfresco took its time, and another request may hold the key by now.
    await this.discard(caller, download.id);
    throw keyInUse();
  }

  private async discard(caller: Caller, id: string): Promise<void> {
    try {
      await this.alfresco.deleteNode(id, caller.name);
    } catch (error) {
      this.logger.warn(
        `download ${id} was not recorded and could not be removed: ${codeOf(error)}`,
      );
    }
  }

  /**
   * Whether a completed request left nothing: the store answered too late, so that the node was removed although the row
   * had been written. A row without a node tells; one that its caller removed has no row.
   */
  private async isVoid(caller: Caller, id: string): Promise<boolean> {
    if ((await this.registry.ownerOf(id)) === undefined) return false;
    return (await this.lookIfThere(caller, id)) === undefined;
  }

  private look(caller: Caller, id: string): Promise<Download> {
    return this.forgetIfGone(id, this.alfresco.getDownload(id, caller.name));
  }

  private async lookIfThere(caller: Caller, id: string): Promise<Download | undefined> {
    try {
      return await this.look(caller, id);
    } catch (error) {
      if (codeOf(error) === 'DOWNLOAD_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** Alfresco's clean-up removes downloads without telling; a row without a node is of no use to anyone. */
  private async forgetIfGone<T>(id: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (codeOf(error) === 'DOWNLOAD_NOT_FOUND') await this.registry.remove(id).catch(() => {});
      throw error;
    }
  }
}

/** The answer to the POST that made a download: Alfresco's is always this one. */
function asCreated(id: string): Download {
  return { id, status: 'PENDING', filesAdded: 0, bytesAdded: 0, totalFiles: 0, totalBytes: 0 };
}

function tooManyNodes(given: number, allowed: number): ProblemException {
  return new ProblemException('TOO_MANY_NODES', {
    detail: `${given} nodes are requested; at most ${allowed} are accepted.`,
    errors: [{ pointer: '/nodeIds', detail: `must hold at most ${allowed} node ids` }],
  });
}

function codeOf(error: unknown): string {
  return error instanceof ProblemException ? error.code : 'unexpected error';
}
