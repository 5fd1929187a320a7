import { Injectable } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import type { Download } from '../alfresco/download.js';
import type { Caller } from '../auth/caller.js';
import { LinkSigner, type SignedLink } from '../auth/link.signer.js';
import { isProblem } from '../problems/problem.exception.js';
import { OwnershipService } from './ownership.service.js';
import { type DownloadRecord, DownloadRegistry } from './registry/download.registry.js';

/** Status calls to Alfresco that one list runs at a time. */
const LIST_CONCURRENCY = 8;

/** A page of a caller's downloads, newest first. */
export interface DownloadList {
  readonly downloads: readonly Download[];
  readonly totalItems: number;
  readonly hasMoreItems: boolean;
}

/** What became of a row: its download, nothing any more, or something that Alfresco does not show to this caller. */
type Found = Download | 'gone' | 'hidden';

/**
 * What a caller can do with his downloads. Every method that takes an id throws ProblemException
 * DOWNLOAD_NOT_FOUND for one this service did not make, FORBIDDEN for one of another caller, and
 * STORE_UNAVAILABLE when it cannot be told.
 */
@Injectable()
export class DownloadsService {
  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly registry: DownloadRegistry,
    private readonly ownership: OwnershipService,
    private readonly links: LinkSigner,
  ) {}

  /** The download as it is now. */
  async get(caller: Caller, id: string): Promise<Download> {
    await this.ownership.require(caller, id);
    return this.look(caller, id);
  }

  /**
   * A page of the caller's downloads. What Alfresco has removed is forgotten, and the page filled up from behind, so
   * that no download is skipped by who goes on at `skipCount + maxItems`.
   */
  async list(caller: Caller, skipCount: number, maxItems: number): Promise<DownloadList> {
    const downloads: Download[] = [];
    let hidden = 0;
    for (;;) {
      const at = skipCount + downloads.length + hidden;
      const page = await this.registry.list(caller.id, at, maxItems - downloads.length);
      const found = await this.lookAtAll(caller, page.records);
      downloads.push(...found.filter((one) => typeof one !== 'string'));
      hidden += found.filter((one) => one === 'hidden').length;
      const gone = found.filter((one) => one === 'gone').length;
      const left = page.total - gone;
      const hasMoreItems = skipCount + downloads.length + hidden < left;
      if (downloads.length === maxItems || found.length === 0 || !hasMoreItems) {
        return { downloads, totalItems: left - hidden, hasMoreItems };
      }
    }
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

  private look(caller: Caller, id: string): Promise<Download> {
    return this.forgetIfGone(id, this.alfresco.getDownload(id, caller.name));
  }

  private async lookAtAll(caller: Caller, records: readonly DownloadRecord[]): Promise<Found[]> {
    const found: Found[] = [];
    for (let start = 0; start < records.length; start += LIST_CONCURRENCY) {
      const batch = records.slice(start, start + LIST_CONCURRENCY);
      found.push(...(await Promise.all(batch.map(({ id }) => this.find(caller, id)))));
    }
    return found;
  }

  /** One download that Alfresco refuses, as after a change of the account, must not take the list with it. */
  private async find(caller: Caller, id: string): Promise<Found> {
    try {
      return await this.look(caller, id);
    } catch (error) {
      if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) return 'gone';
      if (isProblem(error, 'FORBIDDEN') || isProblem(error, 'NOT_A_DOWNLOAD')) return 'hidden';
      throw error;
    }
  }

  /** Alfresco's clean-up removes downloads without telling; a row without a node is of no use to anyone. */
  private async forgetIfGone<T>(id: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) await this.registry.remove(id);
      throw error;
    }
  }
}
