import { AsyncResource } from 'node:async_hooks';
import { addAbortListener, once } from 'node:events';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { ALFRESCO_CONFIG, apiPath, requestHeaders } from '../alfresco-api.js';
import type { ByteRange, DownloadNode } from '../download.js';
import { AUTHORIZED_SEND } from '../http/pipeline.js';
import { codeOf, transportProblem } from '../http/transport-failure.js';
import {
  type OnBehalfOf,
  type Send,
  UpstreamEvents,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../http/upstream-call.js';
import { ForeignResponseException, badResponse, serverProblem } from '../responses.js';
import { ResumableContent, type Resumed, discard } from './resumable-content.js';
import { type Release, type TransferHolder, TransferLimiter } from './transfer-limiter.js';

/** How the content of a node is asked for, the first time or to resume. */
type Attempt = Pick<
  UpstreamRequest,
  'operation' | 'retry' | 'disconnected' | 'limitMs' | 'onBehalfOf'
>;

/** Opens the ZIP of a finished download: begins a transfer, checks what Alfresco sends, and resumes it when it breaks. */
@Injectable()
export class ContentOpener {
  private readonly root: string;

  constructor(
    @Inject(AUTHORIZED_SEND) private readonly send: Send,
    private readonly events: UpstreamEvents,
    private readonly transfers: TransferLimiter,
    @Inject(ALFRESCO_CONFIG) private readonly config: AlfrescoConfig,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'resume'>,
  ) {
    this.root = apiPath(config, 'alfresco');
  }

  /** See `AlfrescoClient.openContent`. The transfer counts until the stream is closed. */
  async open(
    node: DownloadNode,
    range: ByteRange,
    holder: TransferHolder,
    disconnected: AbortSignal,
    onBehalfOf?: OnBehalfOf,
  ): Promise<ResumableContent> {
    const release = await this.begin(holder, disconnected);
    try {
      const opening = {
        operation: 'content',
        retry: 'if-failed',
        disconnected,
        onBehalfOf,
      } as const;
      const source = await this.request(node, range, opening);
      // A connection ends in an asynchronous context of its own; what follows from that belongs to this request all the same.
      const reopen = AsyncResource.bind((rest: ByteRange, ended: AbortSignal, limitMs: number) =>
        this.request(node, rest, {
          operation: 'resume',
          // The content itself tries again.
          retry: 'never',
          disconnected: ended,
          limitMs,
          onBehalfOf,
        }),
      );
      const { idleTimeoutMs } = this.config;
      const { resume } = this.pacing;
      const content = new ResumableContent(source, range, reopen, idleTimeoutMs, resume);
      const report = AsyncResource.bind((outcome: 'resumed' | 'failed', cause: string) =>
        this.events.emit('resume', { outcome, cause }),
      );
      const link = addAbortListener(disconnected, () => discard(content));
      content.once('close', () => {
        link[Symbol.dispose]();
        release();
      });
      content.once('error', (error) => report('failed', codeOf(error)));
      return content.on('resumed', ({ cause }: Resumed) => report('resumed', cause));
    } catch (error) {
      release();
      throw error;
    }
  }

  private async begin(holder: TransferHolder, disconnected: AbortSignal): Promise<Release> {
    try {
      return await this.transfers.begin(holder, disconnected);
    } catch (error) {
      if (!disconnected.aborted)
        this.events.emit('rejection', { operation: 'content', reason: 'places' });
      throw transportProblem(error);
    }
  }

  private async request(node: DownloadNode, range: ByteRange, attempt: Attempt): Promise<Readable> {
    const expected = expectedResponse(range, node.size!);
    const headers = requestHeaders('*/*');
    if (expected.status === 206) headers.Range = `bytes=${range.start}-${range.end}`;
    const response = await this.send<Readable>({
      ...attempt,
      method: 'GET',
      path: `${this.root}/nodes/${encodeURIComponent(node.id)}/content`,
      template: '/nodes/{id}/content',
      headers,
      isStream: true,
      bodyLength: expected.length,
      verify: (received) => requireContent(received, expected),
    });
    if (response.status === expected.status) return response.data;
    discard(response.data);
    throw contentProblem(response);
  }
}

/** The response that has to come for the whole content, or for a part of it. */
interface ExpectedResponse {
  readonly status: 200 | 206;
  readonly length: number;
  /** Of a part. Alfresco sends it with the whole as well, where it means nothing. */
  readonly contentRange?: string;
}

/** By status alone, since the body may never end. A 404 means that the node was deleted after it was read. */
function contentProblem(response: UpstreamResponse<unknown>): ProblemException {
  const { status } = response;
  if (status === 401 || status >= 500) return serverProblem({ status, body: undefined });
  if (isPage(response)) return new ForeignResponseException(status);
  if (status === 403) return new ProblemException('FORBIDDEN');
  if (status === 404) return new ProblemException('DOWNLOAD_NOT_FOUND');
  return badResponse(`status ${status}`);
}

/** Alfresco's own errors are JSON, and no ZIP is HTML. */
function isPage({ headers }: Pick<UpstreamResponse<unknown>, 'headers'>): boolean {
  const type = headers['content-type'];
  return typeof type === 'string' && /^text\/html\b/i.test(type);
}

function expectedResponse({ start, end }: ByteRange, size: number): ExpectedResponse {
  const length = end - start + 1;
  if (length === size) return { status: 200, length };
  return { status: 206, length, contentRange: `bytes ${start}-${end}/${size}` };
}

/**
 * Waits for the first byte: what fails before can still be retried, or become a problem.
 * @throws ProblemException ALFRESCO_BAD_RESPONSE when it is not the content that was asked for
 */
async function requireContent(
  { status, headers, data }: UpstreamResponse<Readable>,
  expected: ExpectedResponse,
): Promise<void> {
  if (status !== expected.status) return;
  if (isPage({ headers })) {
    data.destroy();
    throw new ForeignResponseException(status);
  }
  // A failure between the first byte and the first reader must not be an unhandled error.
  data.on('error', () => {});
  if (!isContentOf(headers, expected)) {
    data.destroy();
    throw badResponse('content that is not what was asked for');
  }
  // The first chunk may have been wrong already.
  if (data.errored) throw data.errored;
  if (expected.length > 0) await once(data, 'readable');
}

/** Strict, since the wrong range would spoil a resumed file unnoticed. */
function isContentOf(
  headers: UpstreamResponse<unknown>['headers'],
  expected: ExpectedResponse,
): boolean {
  const { contentRange, length } = expected;
  const isRange = contentRange === undefined || headers['content-range'] === contentRange;
  const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity';
  // A body without a length could be anything of the node's size, so its type is checked as well.
  const { 'content-length': announced = length, 'content-type': type } = headers;
  const isZip = !/\bjson\b/i.test(String(type));
  return isRange && isPlain && isZip && Number(announced) === length;
}
