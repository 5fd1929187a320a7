import { Inject, Injectable } from '@nestjs/common';
import type { AlfrescoConfig } from '../config/app-config.js';
import { ALFRESCO_CONFIG, apiPath, jsonHeaders } from './alfresco-api.js';
import { ContentOpener } from './content/content-opener.js';
import type { ResumableContent } from './content/resumable-content.js';
import type { TransferHolder } from './content/transfer-limiter.js';
import {
  type ByteRange,
  type Download,
  type DownloadNode,
  parseDownload,
  parseDownloadNode,
} from './download.js';
import { ANONYMOUS_SEND, AUTHORIZED_SEND } from './http/pipeline.js';
import type {
  OnBehalfOf,
  Operation,
  RetryRule,
  Send,
  UpstreamRequest,
} from './http/upstream-call.js';
import {
  type AlfrescoResponse,
  WrongAddressException,
  creationProblem,
  downloadProblem,
  entryOf,
  isReadOnly,
  isUnknownAddress,
  toAlfrescoResponse,
} from './responses.js';
import { isProblem } from '../problems/problem.exception.js';

/** What a call does, and whether it may be sent again. */
interface CallKind {
  readonly operation: Operation;
  readonly retry: RetryRule;
}

const READ: CallKind = { operation: 'read', retry: 'if-failed' };
/** Only raises a flag, so that another one does no harm. */
const CANCEL: CallKind = { operation: 'write', retry: 'if-failed' };
const WRITE: CallKind = { operation: 'write', retry: 'if-unsent' };

/** The nil UUID (RFC 9562, section 5.9), which no node has. */
const NO_DOWNLOAD = '00000000-0000-0000-0000-000000000000';

/**
 * Alfresco's REST API, as far as downloads need it.
 *
 * Every request carries only headers that are built here. Every method throws ProblemException, with a
 * 5xx code when Alfresco is unreachable, slow or responds with something that its API does not document.
 *
 * `onBehalfOf` is the caller. With any ALFRESCO_ON_BEHALF_OF but `off` it decides what Alfresco allows, and has to be given;
 * otherwise it is ignored.
 */
@Injectable()
export class AlfrescoClient {
  private readonly root: string;
  private rejectsChanges = false;

  constructor(
    @Inject(ALFRESCO_CONFIG) config: AlfrescoConfig,
    @Inject(AUTHORIZED_SEND) private readonly authorized: Send,
    @Inject(ANONYMOUS_SEND) private readonly anonymous: Send,
    private readonly content: ContentOpener,
  ) {
    this.root = apiPath(config, 'alfresco');
  }

  /** Whether the last change was rejected because Alfresco is read-only. Its probes do not show that. */
  get isReadOnly(): boolean {
    return this.rejectsChanges;
  }

  /**
   * POST /downloads. Never resent once Alfresco may have received it, since a second POST would make a second ZIP; after a 401, which comes before
   * anything is done, it is.
   * @throws ProblemException VALIDATION_FAILED, NODE_FORBIDDEN, NODE_NOT_FOUND, CONTENT_ARCHIVED, NODE_NOT_ZIPPABLE
   */
  async createDownload(nodeIds: readonly string[], onBehalfOf?: OnBehalfOf): Promise<Download> {
    const body = JSON.stringify({ nodeIds });
    const response = await this.call(WRITE, 'POST', DOWNLOADS, onBehalfOf, body);
    if (response.status !== 202) throw creationProblem(response, nodeIds);
    return parseDownload(response);
  }

  /**
   * GET /downloads/{id}.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async getDownload(id: string, onBehalfOf?: OnBehalfOf): Promise<Download> {
    const response = await this.call(READ, 'GET', downloadOf(id), onBehalfOf);
    if (response.status !== 200) throw downloadProblem(response);
    return parseDownload(response, id);
  }

  /**
   * DELETE /downloads/{id}: raises the cancel flag, which the job sees when it next reports progress.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async cancelDownload(id: string, onBehalfOf?: OnBehalfOf): Promise<void> {
    const response = await this.call(CANCEL, 'DELETE', downloadOf(id), onBehalfOf);
    if (response.status !== 202) throw downloadProblem(response);
  }

  /**
   * GET /nodes/{id}, for a download node.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async getDownloadNode(id: string, onBehalfOf?: OnBehalfOf): Promise<DownloadNode> {
    const response = await this.call(READ, 'GET', nodeOf(id), onBehalfOf);
    if (response.status !== 200) throw downloadProblem(response);
    return parseDownloadNode(response, id);
  }

  /**
   * DELETE /nodes/{id}. Deletes any kind of node, so it has to be known that it is a download.
   * @throws ProblemException FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async deleteNode(id: string, onBehalfOf?: OnBehalfOf): Promise<void> {
    const response = await this.call(WRITE, 'DELETE', nodeOf(id), onBehalfOf);
    if (response.status !== 204) throw downloadProblem(response);
  }

  /**
   * GET /nodes/{id}/content of a finished download. The stream has to be read or destroyed; aborting
   * `disconnected` destroys it. When Alfresco ends it short, or sends nothing for the idle limit, it continues with another
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
    disconnected: AbortSignal,
    onBehalfOf?: OnBehalfOf,
  ): Promise<ResumableContent> {
    return this.content.open(node, range, holder, disconnected, onBehalfOf);
  }

  /**
   * Whether Alfresco's readiness probe says yes. It is open to everyone, so no login is spent on it.
   * @throws ProblemException when there is no response, or something else responds with a page of its own
   */
  async isReady(): Promise<boolean> {
    const response = toAlfrescoResponse(
      await this.anonymous<string>({
        operation: 'probe',
        retry: 'never',
        method: 'GET',
        path: `${this.root}/probes/-ready-`,
        template: '/probes/-ready-',
        headers: jsonHeaders(),
      }),
    );
    if (isUnknownAddress(response)) throw new WrongAddressException();
    return response.status === 200 && typeof entryOf(response).message === 'string';
  }

  /**
   * Whether Alfresco accepts the account of this service, by a read of a download that does not exist: the login is that
   * which the first call would make.
   * @throws ProblemException ALFRESCO_CREDENTIALS_REJECTED, or another one when that is not known
   */
  async checkAccount(): Promise<void> {
    try {
      await this.getDownload(NO_DOWNLOAD);
    } catch (error) {
      if (!isProblem(error, 'DOWNLOAD_NOT_FOUND')) throw error;
    }
  }

  private async call(
    { operation, retry }: CallKind,
    method: string,
    { path, template }: Resource,
    onBehalfOf: OnBehalfOf | undefined,
    body?: string,
  ): Promise<AlfrescoResponse> {
    const headers = jsonHeaders();
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const response = toAlfrescoResponse(
      await this.authorized<string>({
        operation,
        retry,
        method,
        path: this.root + path,
        template,
        headers,
        body,
        onBehalfOf,
      }),
    );
    if (operation === 'write') this.recordChange(response);
    return response;
  }

  private recordChange(response: AlfrescoResponse): void {
    if (isReadOnly(response)) this.rejectsChanges = true;
    else if (response.status < 300) this.rejectsChanges = false;
  }
}

/** What is called, from the root of the API on. */
type Resource = Pick<UpstreamRequest, 'path' | 'template'>;

const DOWNLOADS: Resource = { path: '/downloads', template: '/downloads' };

function downloadOf(id: string): Resource {
  return { path: `/downloads/${encodeURIComponent(id)}`, template: '/downloads/{id}' };
}

function nodeOf(id: string): Resource {
  return { path: `/nodes/${encodeURIComponent(id)}`, template: '/nodes/{id}' };
}
