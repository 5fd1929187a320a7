import { createHash } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import type { Download } from '../alfresco/download.js';
import type { Caller } from '../auth/caller.js';
import { LinkSigner, type SignedLink } from '../auth/link.signer.js';
import { ProblemException } from '../problems/problem.exception.js';
import { DOWNLOADS_OPTIONS, type DownloadsOptions } from './downloads.options.js';
import { OwnershipService } from './ownership.service.js';
import { type Claim, DownloadRegistry } from './registry/download.registry.js';
import { RETRY_AFTER } from './retry-after.js';

/** Status calls to Alfresco that one list runs at a time. */
const LIST_CONCURRENCY = 8;
/**
 * Milliseconds after which a request that was neither answered nor refused, because its process died, no
 * longer holds its Idempotency-Key. Longer than a POST can take with any sensible ALFRESCO_TIMEOUT_MS.
 */
const CLAIM_LEASE_MS = 60_000;

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
    if (key === undefined) return this.make(caller, nodeIds);

    const fingerprint = createHash('sha256').update(JSON.stringify(nodeIds)).digest('base64url');
    const request = { owner: caller.id, key, fingerprint };
    let result = await this.registry.claim(request, CLAIM_LEASE_MS);
    if (result.state === 'completed' && (await this.isVoid(caller, result.downloadId))) {
      result = await this.registry.claim(request, CLAIM_LEASE_MS, result.downloadId);
    }
    switch (result.state) {
      case 'completed':
        return asCreated(result.downloadId);
      case 'running':
        throw new ProblemException('IDEMPOTENCY_KEY_IN_USE', { headers: RETRY_AFTER });
      case 'reused':
        throw new ProblemException('IDEMPOTENCY_KEY_REUSED');
      case 'claimed':
        return this.makeOnce(caller, nodeIds, result.claim);
    }
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

  private async makeOnce(
    caller: Caller,
    nodeIds: readonly string[],
    claim: Claim,
  ): Promise<Download> {
    try {
      return await this.make(caller, nodeIds, claim);
    } catch (error) {
      // A store that does not answer now lets the claim expire by itself.
      await this.registry.release(claim).catch(() => {});
      throw error;
    }
  }

  /** Nothing is acknowledged that is not recorded: nobody could use it, and nobody would remove it. */
  private async make(caller: Caller, nodeIds: readonly string[], claim?: Claim): Promise<Download> {
    const download = await this.alfresco.createDownload(nodeIds, caller.name);
    const record = { id: download.id, owner: caller.id, createdAt: Date.now() };
    let isRecorded = false;
    try {
      isRecorded = await this.registry.add(record, claim);
    } finally {
      if (!isRecorded) await this.discard(caller, download.id);
    }
    // The claim expired while Alfresco took its time, and another request may hold the key by now.
    if (!isRecorded) throw new ProblemException('IDEMPOTENCY_KEY_IN_USE', { headers: RETRY_AFTER });
    return download;
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
