import { Injectable } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { ProblemException } from '../problems/problem.exception.js';
import { BoundedMap } from '../store/bounded-map.js';
import { DownloadRegistry } from './registry/download-registry.js';

/** A few hundred bytes each. */
const MAX_REMEMBERED = 20_000;

/** Keeps callers apart: toward Alfresco every download belongs to the one account of this service. */
@Injectable()
export class OwnershipService {
  /**
   * Ids of callers by download. An id never gets another owner, so that one can be believed as long as
   * there is room; of a download that was removed by another process, Alfresco says that it is gone. SQLite itself was 8 %
   * of the profile of a status read.
   */
  private readonly owners = new BoundedMap<string, string>(MAX_REMEMBERED);

  constructor(private readonly registry: DownloadRegistry) {}

  /**
   * Answers from the registry alone, so that ids this service did not make never reach Alfresco.
   * @throws ProblemException DOWNLOAD_NOT_FOUND for an id that is not recorded, FORBIDDEN for another caller's,
   *   STORE_UNAVAILABLE
   */
  async assertOwner(caller: Caller, id: string): Promise<void> {
    const owner = await this.registry.ownerOf(id);
    if (owner === undefined) throw new ProblemException('DOWNLOAD_NOT_FOUND');
    if (owner !== caller.id) throw new ProblemException('FORBIDDEN');
    this.owners.set(id, owner);
  }

  /** As `assertOwner`, for requests that only read: an owner that is remembered suffices, without the registry. */
  assertCanRead(caller: Caller, id: string): void | Promise<void> {
    return this.owners.get(id) === caller.id ? undefined : this.assertOwner(caller, id);
  }

  /** The download is no more. @throws ProblemException STORE_UNAVAILABLE */
  async forget(id: string): Promise<void> {
    this.owners.delete(id);
    await this.registry.remove(id);
  }
}
