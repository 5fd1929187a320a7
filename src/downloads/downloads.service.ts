import { Inject, Injectable } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import type { Download } from '../alfresco/download.js';
import { ProblemException } from '../problems/problem.exception.js';
import { DOWNLOADS_OPTIONS, type DownloadsOptions } from './downloads.options.js';
import type { CreateDownloadDto } from './dto/create-download.dto.js';

/** What can be done with a download: make one, look at it, cancel it, remove it. */
@Injectable()
export class DownloadsService {
  constructor(
    private readonly alfresco: AlfrescoClient,
    @Inject(DOWNLOADS_OPTIONS) private readonly options: DownloadsOptions,
  ) {}

  /** Starts a ZIP; it is made in the background. @throws ProblemException TOO_MANY_NODES and those of Alfresco */
  async create({ nodeIds }: CreateDownloadDto): Promise<Download> {
    const { maxNodeIds } = this.options;
    if (nodeIds.length > maxNodeIds) {
      throw new ProblemException('TOO_MANY_NODES', {
        detail: `${nodeIds.length} nodes are requested; at most ${maxNodeIds} are accepted.`,
        errors: [{ pointer: '/nodeIds', detail: `must hold at most ${maxNodeIds} node ids` }],
      });
    }
    return this.alfresco.createDownload(nodeIds);
  }

  /** @throws ProblemException DOWNLOAD_NOT_FOUND, NOT_A_DOWNLOAD, FORBIDDEN */
  get(id: string): Promise<Download> {
    return this.alfresco.getDownload(id);
  }

  /** Asks for cancellation. The download may still end DONE. @throws as `get` */
  cancel(id: string): Promise<void> {
    return this.alfresco.cancelDownload(id);
  }

  /**
   * Removes the download node and its ZIP for good. Asks first what the node is: Alfresco would delete
   * any node that this service's account may delete. @throws as `get`
   */
  async remove(id: string): Promise<void> {
    await this.alfresco.getDownload(id);
    await this.alfresco.deleteNode(id);
  }
}
