import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { ProblemException } from '../problems/problem.exception.js';
import { AlfrescoCredentials } from './credentials/alfresco.credentials.js';
import { type Answer, badResponse, toAnswer } from './answer.js';
import type { ByteRange } from './byte-range.js';
import type { Download, DownloadNode } from './download.js';
import { parseDownload, parseDownloadNode } from './download.parser.js';
import { createRefusal, downloadRefusal, serverProblem } from './refusal.js';
import { jsonHeaders, requestHeaders } from './request-headers.js';
import { transportProblem } from './transport-failure.js';

interface RequestWithHeaders extends AxiosRequestConfig {
  readonly headers: Record<string, string>;
}

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
  constructor(
    private readonly http: HttpService,
    private readonly credentials: AlfrescoCredentials,
  ) {}

  /**
   * POST /downloads. Never repeated once it may have been heard: a second POST would make a second ZIP.
   * @throws ProblemException VALIDATION_FAILED, NODE_FORBIDDEN, NODE_NOT_FOUND, CONTENT_ARCHIVED, NODE_NOT_ZIPPABLE
   */
  async createDownload(nodeIds: readonly string[], onBehalfOf?: string): Promise<Download> {
    const data = JSON.stringify({ nodeIds });
    const answer = await this.call(onBehalfOf, 'POST', '/downloads', data);
    if (answer.status !== 202) throw createRefusal(answer, nodeIds);
    return parseDownload(answer);
  }

  /**
   * GET /downloads/{id}.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async getDownload(id: string, onBehalfOf?: string): Promise<Download> {
    const answer = await this.call(onBehalfOf, 'GET', `/downloads/${encodeURIComponent(id)}`);
    if (answer.status !== 200) throw downloadRefusal(answer);
    return parseDownload(answer, id);
  }

  /**
   * DELETE /downloads/{id}: raises the cancel flag, which the job looks at when it next reports progress.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async cancelDownload(id: string, onBehalfOf?: string): Promise<void> {
    const answer = await this.call(onBehalfOf, 'DELETE', `/downloads/${encodeURIComponent(id)}`);
    if (answer.status !== 202) throw downloadRefusal(answer);
  }

  /**
   * GET /nodes/{id}, for a download node.
   * @throws ProblemException NOT_A_DOWNLOAD, FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async getDownloadNode(id: string, onBehalfOf?: string): Promise<DownloadNode> {
    const answer = await this.call(onBehalfOf, 'GET', `/nodes/${encodeURIComponent(id)}`);
    if (answer.status !== 200) throw downloadRefusal(answer);
    return parseDownloadNode(answer, id);
  }

  /**
   * DELETE /nodes/{id}. Deletes whatever node this is, so it has to be known that it is a download.
   * @throws ProblemException FORBIDDEN, DOWNLOAD_NOT_FOUND
   */
  async deleteNode(id: string, onBehalfOf?: string): Promise<void> {
    const answer = await this.call(onBehalfOf, 'DELETE', `/nodes/${encodeURIComponent(id)}`);
    if (answer.status !== 204) throw downloadRefusal(answer);
  }

  /**
   * GET /nodes/{id}/content of a finished download. The stream has to be read or destroyed; aborting
   * `signal` destroys it. It fails when Alfresco ends it short or sends nothing for the idle limit.
   *
   * `range` has to lie within the content: Alfresco announces more bytes than it sends for one that does
   * not, and keeps the connection open (its HttpRangeProcessor does not clamp).
   *
   * @throws ProblemException ALFRESCO_BAD_RESPONSE when the announced length is not that of the range
   */
  async openContent(
    node: DownloadNode,
    range: ByteRange,
    signal: AbortSignal,
    onBehalfOf?: string,
  ): Promise<Readable> {
    const isWhole = range.start === 0 && range.end === node.size! - 1;
    const answer = await this.authorized<Readable>(onBehalfOf, {
      method: 'GET',
      url: `/nodes/${encodeURIComponent(node.id)}/content`,
      headers: {
        ...requestHeaders('*/*'),
        ...(!isWhole && { Range: `bytes=${range.start}-${range.end}` }),
      },
      responseType: 'stream',
      signal,
    });
    if (answer.status !== (isWhole ? 200 : 206)) {
      answer.data.destroy();
      throw contentRefusal(answer.status);
    }
    const length = range.end - range.start + 1;
    if (!isContentOf(answer.headers, length, isWhole ? undefined : range)) {
      answer.data.destroy();
      throw badResponse('content that is not what was asked for');
    }
    if (length > 0) await firstByte(answer.data);
    return answer.data;
  }

  /**
   * Whether Alfresco's readiness probe says yes. It is open to everyone, so no login is spent on it.
   * @throws ProblemException when it does not answer
   */
  async isReady(): Promise<boolean> {
    const request = { method: 'GET', url: '/probes/-ready-', headers: jsonHeaders() };
    const { status } = await this.exchange(request);
    return status === 200;
  }

  private async call(
    onBehalfOf: string | undefined,
    method: string,
    url: string,
    data?: string,
  ): Promise<Answer> {
    const headers = jsonHeaders();
    if (data !== undefined) headers['Content-Type'] = 'application/json';
    return toAnswer(await this.authorized<string>(onBehalfOf, { method, url, data, headers }));
  }

  private authorized<T>(
    onBehalfOf: string | undefined,
    request: RequestWithHeaders,
  ): Promise<AxiosResponse<T>> {
    return this.credentials.apply<T>(
      (headers) => this.exchange<T>({ ...request, headers: { ...request.headers, ...headers } }),
      onBehalfOf,
    );
  }

  /** `axiosRef` instead of the Observable: measured a quarter faster, and a promise is what is needed. */
  private async exchange<T>(request: AxiosRequestConfig): Promise<AxiosResponse<T>> {
    try {
      return await this.http.axiosRef.request<T>(request);
    } catch (error) {
      throw transportProblem(error);
    }
  }
}

/** The body may never end and is not waited for. A 404 means that it was deleted since it was looked at. */
function contentRefusal(status: number): ProblemException {
  if (status === 403) return new ProblemException('FORBIDDEN');
  if (status === 404) return new ProblemException('DOWNLOAD_NOT_FOUND');
  return serverProblem({ status, body: undefined });
}

/** A wrong range under a right header would spoil a resumed file without anyone's noticing. */
function isContentOf(
  headers: AxiosResponse['headers'],
  length: number,
  range?: ByteRange,
): boolean {
  const isRange =
    !range || String(headers['content-range']).startsWith(`bytes ${range.start}-${range.end}/`);
  const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity';
  return isRange && isPlain && Number(headers['content-length']) === length;
}

/** What fails before the first byte can still be answered as a problem. */
async function firstByte(content: Readable): Promise<void> {
  try {
    await once(content, 'readable');
  } catch (error) {
    throw transportProblem(error);
  }
}
