import { Injectable } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { ProblemException } from '../problems/problem.exception.js';
import { DownloadRegistry } from './registry/download.registry.js';

/** Keeps callers apart: toward Alfresco every download belongs to the one account of this service. */
@Injectable()
export class OwnershipService {
  constructor(private readonly registry: DownloadRegistry) {}

  /**
   * Answers from the registry alone, so that ids this service did not make never reach Alfresco.
   * @throws ProblemException DOWNLOAD_NOT_FOUND for an id that is not recorded, FORBIDDEN for another caller's
   */
  async require(caller: Caller, id: string): Promise<void> {
    const owner = await this.registry.ownerOf(id);
    if (owner === undefined) throw new ProblemException('DOWNLOAD_NOT_FOUND');
    if (owner !== caller.id) throw new ProblemException('FORBIDDEN');
  }
}
