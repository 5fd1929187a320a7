import { Injectable } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { ProblemException } from '../problems/problem.exception.js';
import { DownloadRegistry } from './registry/download.registry.js';

/**
 * Milliseconds for which an owner is remembered. An id never gets another one; of a download that was removed by another
 * process, Alfresco says that it is gone.
 */
const REMEMBER_MS = 10_000;
const MAX_REMEMBERED = 20_000;

/** Keeps callers apart: toward Alfresco every download belongs to the one account of this service. */
@Injectable()
export class OwnershipService {
  /** The eldest come first. SQLite itself was 5 % of the profile of a status read. */
  private readonly owners = new Map<string, { readonly owner: string; readonly until: number }>();

  constructor(private readonly registry: DownloadRegistry) {}

  /**
   * Answers from the registry alone, so that ids this service did not make never reach Alfresco.
   * @throws ProblemException DOWNLOAD_NOT_FOUND for an id that is not recorded, FORBIDDEN for another caller's,
   *   STORE_UNAVAILABLE
   */
  async require(caller: Caller, id: string): Promise<void> {
    const owner = await this.registry.ownerOf(id);
    if (owner === undefined) throw new ProblemException('DOWNLOAD_NOT_FOUND');
    if (owner !== caller.id) throw new ProblemException('FORBIDDEN');
    this.remember(id, owner);
  }

  /** As `require`, for who only looks and may have looked a moment ago. What changes anything asks the registry. */
  requireToLook(caller: Caller, id: string): void | Promise<void> {
    const known = this.owners.get(id);
    return known?.owner === caller.id && known.until > performance.now()
      ? undefined
      : this.require(caller, id);
  }

  /** The download is no more. @throws ProblemException STORE_UNAVAILABLE */
  async forget(id: string): Promise<void> {
    this.owners.delete(id);
    await this.registry.remove(id);
  }

  private remember(id: string, owner: string): void {
    this.owners.delete(id);
    this.owners.set(id, { owner, until: performance.now() + REMEMBER_MS });
    if (this.owners.size <= MAX_REMEMBERED) return;
    const [eldest] = this.owners.keys();
    this.owners.delete(eldest!);
  }
}
