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

/**
 * Starts downloads, so that none is acknowledged that is not recorded, and none stays in Alfresco that nobody can use:
 *
 * 1. The registry is asked first: a ping, or the claim of an Idempotency-Key. Without the registry nothing is made.
 * 2. Made: Alfresco creates the download node and starts the job. `AlfrescoClient` resends this POST only if it certainly has
 *    not reached Alfresco, so that there are no two downloads.
 * 3. Recorded: the owner is written to the registry; the claim is completed in the same step.
 * 4. Acknowledged: only now does the caller learn the id (202).
 * 5. Or taken back: what cannot be recorded is cancelled and removed from Alfresco again, in the background.
 *
 * All of it is one of the `RunningTasks`, which a shutdown waits for.
 */
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
   * Starts a ZIP; it is made in the background. With an idempotency key, the same caller gets the same download for the same
   * nodes, however often they ask and whichever processes they reach, as long as it exists.
   * @throws ProblemException TOO_MANY_NODES, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE,
   *   SHUTTING_DOWN and those of Alfresco
   */
  async create(caller: Caller, nodeIds: readonly string[], key?: string): Promise<Download> {
    const { maxNodeIds } = this.options;
    if (nodeIds.length > maxNodeIds) throw tooManyNodes(nodeIds.length, maxNodeIds);
    return this.tasks.run(() =>
      key === undefined ? this.createNew(caller, nodeIds) : this.createOnce(caller, nodeIds, key),
    );
  }

  private async createNew(caller: Caller, nodeIds: readonly string[]): Promise<Download> {
    await this.registry.ping();
    return this.makeAndRecord(caller, nodeIds);
  }

  private async createOnce(
    caller: Caller,
    nodeIds: readonly string[],
    key: string,
  ): Promise<Download> {
    const id = await this.idempotency.once({
      owner: caller.id,
      key,
      nodeIds,
      carryOut: async (claim) => (await this.makeAndRecord(caller, nodeIds, claim)).id,
      isVoid: (made) => this.isRemoved(caller, made),
    });
    return justCreated(id);
  }

  private async makeAndRecord(
    caller: Caller,
    nodeIds: readonly string[],
    claim?: Claim,
  ): Promise<Download> {
    const download = await this.alfresco.createDownload(nodeIds, caller);
    const record = { id: download.id, owner: caller.id, createdAt: Date.now() };
    const isRecorded = await this.registry.add(record, claim).catch((error: unknown) => {
      // Recorded for another owner, it is not for this request to remove.
      if (!(error instanceof OwnerConflictError)) this.removal.discard(caller, download.id);
      throw error;
    });
    if (isRecorded) return download;
    // The claim expired while Alfresco was slow, and another request may hold the key by now.
    this.removal.discard(caller, download.id);
    throw keyInUse();
  }

  /** Whether the download that a repeated request would get no longer exists; not if Alfresco cannot tell. */
  private async isRemoved(caller: Caller, id: string): Promise<boolean> {
    // Removed through this service; its job may still have to notice.
    if ((await this.registry.ownerOf(id)) === undefined) return true;
    try {
      await this.alfresco.getDownload(id, caller);
      return false;
    } catch (error) {
      return isProblem(error, 'DOWNLOAD_NOT_FOUND');
    }
  }
}

/** As in Alfresco's response to the POST that made it: a repeated request gets the same response. */
function justCreated(id: string): Download {
  return { id, status: 'PENDING', filesAdded: 0, bytesAdded: 0, totalFiles: 0, totalBytes: 0 };
}

function tooManyNodes(given: number, allowed: number): ProblemException {
  return new ProblemException('TOO_MANY_NODES', {
    detail: `${given} nodes are requested; at most ${allowed} are accepted.`,
    errors: [{ pointer: '/nodeIds', detail: `must hold at most ${allowed} node ids` }],
  });
}
