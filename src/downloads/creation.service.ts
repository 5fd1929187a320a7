import { Inject, Injectable } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import type { Download } from '../alfresco/download.js';
import type { Caller } from '../auth/caller.js';
import { ProblemException, isProblem } from '../problems/problem.exception.js';
import { DOWNLOADS_CONFIG, type DownloadsConfig } from '../config/app-config.js';
import { IdempotencyService, keyInUse } from './idempotency.service.js';
import { type Claim, DownloadRegistry, OwnerConflictError } from './registry/download-registry.js';
import { RemovalService } from './removal.service.js';
import { RunningTasks } from './running-tasks.js';

/** Starts downloads. What it acknowledges is recorded, and what it cannot record it removes again. */
@Injectable()
export class CreationService {
  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly registry: DownloadRegistry,
    private readonly idempotency: IdempotencyService,
    private readonly removal: RemovalService,
    private readonly tasks: RunningTasks,
    @Inject(DOWNLOADS_CONFIG) private readonly options: DownloadsConfig,
  ) {}

  /**
   * Starts a ZIP; it is made in the background. With an idempotency key, the same caller gets the same download
   * for the same nodes, however often and from however many processes he asks, as long as it exists.
   * @throws ProblemException TOO_MANY_NODES, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE,
   *   SHUTTING_DOWN and those of Alfresco
   */
  async create(caller: Caller, nodeIds: readonly string[], key?: string): Promise<Download> {
    const { maxNodeIds } = this.options;
    if (nodeIds.length > maxNodeIds) throw tooManyNodes(nodeIds.length, maxNodeIds);
    return this.tasks.run(() => this.createOnce(caller, nodeIds, key));
  }

  private async createOnce(
    caller: Caller,
    nodeIds: readonly string[],
    key?: string,
  ): Promise<Download> {
    if (key === undefined) {
      // Better than to find out when the node is there and has to be removed again. A claim finds out by itself.
      await this.registry.ping();
      return this.make(caller, nodeIds);
    }
    const id = await this.idempotency.once({
      owner: caller.id,
      key,
      nodeIds,
      carryOut: async (claim) => (await this.make(caller, nodeIds, claim)).id,
      isVoid: (made) => this.isGone(caller, made),
    });
    return asCreated(id);
  }

  /** Nothing is acknowledged that is not recorded: nobody could use it, and nobody would remove it. */
  private async make(caller: Caller, nodeIds: readonly string[], claim?: Claim): Promise<Download> {
    const download = await this.alfresco.createDownload(nodeIds, caller.name);
    const record = { id: download.id, owner: caller.id, createdAt: Date.now() };
    const isRecorded = await this.registry.add(record, claim).catch((error: unknown) => {
      // It is somebody else's, then, and not for this request to remove.
      if (!(error instanceof OwnerConflictError)) this.removal.discard(caller, download.id);
      throw error;
    });
    if (isRecorded) return download;
    // The claim expired while Alfresco took its time, and another request may hold the key by now.
    this.removal.discard(caller, download.id);
    throw keyInUse();
  }

  /** Whether a repeated request would name a download that is no more; when Alfresco cannot tell, it would not. */
  private async isGone(caller: Caller, id: string): Promise<boolean> {
    // Removed here already, though its job may still have to see that.
    if ((await this.registry.ownerOf(id)) === undefined) return true;
    try {
      await this.alfresco.getDownload(id, caller.name);
      return false;
    } catch (error) {
      return isProblem(error, 'DOWNLOAD_NOT_FOUND');
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
