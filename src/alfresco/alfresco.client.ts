import { Injectable } from '@nestjs/common';
import { AlfrescoExchange } from './http/alfresco-exchange.js';
import {
  type AlfrescoResponse,
  entryOf,
  toAlfrescoResponse,
  creationProblem,
  downloadProblem,
  isReadOnly,
} from './responses.js';
import type { ByteRange, ResumableContent } from './content/resumable-content.js';
import { ContentOpener } from './content/content-opener.js';
import type { TransferHolder } from './content/transfer-limiter.js';
import { type Download, type DownloadNode, parseDownload, parseDownloadNode } from './download.js';
import { jsonHeaders } from './alfresco-api.js';
import type { UpstreamCall } from './http/upstream-policy.js';

/** What may be sent again: looking does no harm, nor does cancelling, which only raises a flag. */
const READ: UpstreamCall = { operation: 'read', repeat: 'if-failed' };
const CANCEL: UpstreamCall = { operation: 'write', repeat: 'if-failed' };
const WRITE: UpstreamCall = { operation: 'write', repeat: 'if-unsent' };
const PROBE: UpstreamCall = { operation: 'probe', repeat: 'never' };

/**
 * Alfresco's REST API, as far as downloads need it.
 *
 * Every request carries only headers that are built here. Every method throws ProblemException, with a
 * 5xx code when Alfresco is unreachable, slow or answers something that its API does not document.
 *
 * `onBehalfOf` is the caller's name. With ALFRESCO_ON_BEHALF_OF=remote-user it decides what Alfresco allows,
 * and has to be given; otherwise it is ignored.
 */
@Injectable()
export class AlfrescoClient {
  private refusesChanges = false;

  constructor(
    private readonly exchange: AlfrescoExchange,
    private readonly content: ContentOpener,
  ) {}

  /** Whether the last change was refused because Alfresco is read-only. Its probes do not tell. */
  get isReadOnly(): boolean {
    return this.refusesChanges;
  }

  /**
   * POST /downloads. Never repeated once it may have been heard: a second POST would make a second ZIP.
   * @throws ProblemException VALIDATION_FAILED, NODE_FORBIDDEN, NODE_NOT_FOUND, CONTENT_ARCHIVED, NODE_NOT_ZIPPABLE
   */
  async createDownload(nodeIds: readonly string[], onBehalfOf?: string): Promise<Download> {
    const data = JSON.stringify({ nodeIds });
    const answer = await this.call(WRITE, 'POST', '/downloads', onBehalfOf, data);
    if (answer.status !== 202) throw creationProblem(answer, nodeIds);
    return parseDownload(answer);
  }

  /**
   * GET /downloads/{id}.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async getDownload(id: string, onBehalfOf?: string): Promise<Download> {
    const answer = await this.call(READ, 'GET', `/downloads/${encodeURIComponent(id)}`, onBehalfOf);
    if (answer.status !== 200) throw downloadProblem(answer);
    return parseDownload(answer, id);
  }

  /**
   * DELETE /downloads/{id}: raises the cancel flag, which the job looks at when it next reports progress.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async cancelDownload(id: string, onBehalfOf?: string): Promise<void> {
    const answer = await this.call(
      CANCEL,
      'DELETE',
      `/downloads/${encodeURIComponent(id)}`,
      onBehalfOf,
    );
    if (answer.status !== 202) throw downloadProblem(answer);
  }

  /**
   * GET /nodes/{id}, for a download node.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async getDownloadNode(id: string, onBehalfOf?: string): Promise<DownloadNode> {
    const answer = await this.call(READ, 'GET', `/nodes/${encodeURIComponent(id)}`, onBehalfOf);
    if (answer.status !== 200) throw downloadProblem(answer);
    return parseDownloadNode(answer, id);
  }

  /**
   * DELETE /nodes/{id}. Deletes whatever node this is, so it has to be known that it is a download.
   * @throws ProblemException FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async deleteNode(id: string, onBehalfOf?: string): Promise<void> {
    const answer = await this.call(WRITE, 'DELETE', `/nodes/${encodeURIComponent(id)}`, onBehalfOf);
    if (answer.status !== 204) throw downloadProblem(answer);
  }

  /**
   * GET /nodes/{id}/content of a finished download. The stream has to be read or destroyed; aborting
   * `signal` destroys it. When Alfresco ends it short, or sends nothing for the idle limit, it goes on with another
   * request, and fails when that does not help.
   *
   * `range` has to lie within the content: Alfresco announces more bytes than it sends for one that does
   * not, and keeps the connection open (its HttpRangeProcessor does not clamp).
   *
   * @throws ProblemException ALFRESCO_BAD_RESPONSE when the announced length is not that of the range;
   *   ALFRESCO_UNAVAILABLE or TOO_MANY_REQUESTS with Retry-After when too many ZIPs are being sent, or too many of `holder`
   */
  openContent(
    node: DownloadNode,
    range: ByteRange,
    holder: TransferHolder,
    signal: AbortSignal,
    onBehalfOf?: string,
  ): Promise<ResumableContent> {
    return this.content.open(node, range, holder, signal, onBehalfOf);
  }

  /**
   * Whether Alfresco's readiness probe says yes. It is open to everyone, so no login is spent on it.
   * @throws ProblemException when it does not answer, or something else does with a page of its own
   */
  async isReady(): Promise<boolean> {
    const request = { method: 'GET', url: '/probes/-ready-', headers: jsonHeaders() };
    const answer = toAlfrescoResponse(await this.exchange.anonymous<string>(PROBE, request));
    return answer.status === 200 && typeof entryOf(answer).message === 'string';
  }

  private async call(
    call: UpstreamCall,
    method: string,
    url: string,
    onBehalfOf: string | undefined,
    data?: string,
  ): Promise<AlfrescoResponse> {
    const headers = jsonHeaders();
    if (data !== undefined) headers['Content-Type'] = 'application/json';
    const request = { method, url, data, headers };
    const answer = toAlfrescoResponse(
      await this.exchange.authorized<string>(call, request, onBehalfOf),
    );
    if (call.operation === 'write') this.noteChange(answer);
    return answer;
  }

  private noteChange(answer: AlfrescoResponse): void {
    if (isReadOnly(answer)) this.refusesChanges = true;
    else if (answer.status < 300) this.refusesChanges = false;
  }
}
