import { Injectable } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { ProblemException } from '../problems/problem.exception.js';
import { BoundedMap } from '../store/bounded-map.js';
import { DownloadRegistry } from './registry/download-registry.js';

/** A few hundred bytes each. */
const MAX_REMEMBERED = 20_000;

/**
 * Keeps callers apart: in Alfresco every download belongs to the one account of this service, so that only the registry
 * knows whose it is.
 *
 * Another caller's id is 403 and not 404: an id is a random UUID, which nobody guesses, and a caller who has logged in
 * another way than when they made the download (`basic:alice`, `bearer:…`) can see from it what is wrong.
 */
@Injectable()
export class OwnershipService {
  /**
   * Ids of callers by download, since SQLite took 8 % of the time of a status read. An entry never becomes wrong: a download
   * keeps its owner, and one that another process has removed is not found in Alfresco.
   */
  private readonly owners = new BoundedMap<string, string>(MAX_REMEMBERED);

  constructor(private readonly registry: DownloadRegistry) {}

  /**
   * Asks the registry alone, so that ids this service did not make never reach Alfresco.
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

  /** After the download has been removed. @throws ProblemException STORE_UNAVAILABLE */
  async forget(id: string): Promise<void> {
    this.owners.delete(id);
    await this.registry.remove(id);
  }
}
