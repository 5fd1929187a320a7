import { AsyncResource } from 'node:async_hooks';
import { addAbortListener, once } from 'node:events';
import type { Readable } from 'node:stream';
import type { AlfrescoConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import type { AlfrescoExchange } from '../http/alfresco-exchange.js';
import { ForeignResponseException, badResponse, serverProblem } from '../responses.js';
import type { DownloadNode } from '../download.js';
import { requestHeaders } from '../alfresco-api.js';
import { codeOf, transportProblem } from '../http/transport-failure.js';
import type { UpstreamCall, UpstreamPolicy } from '../http/upstream-policy.js';
import { type ByteRange, type Resumed, ResumableContent, discard } from './resumable-content.js';
import type { UpstreamResponse } from '../http/transport.js';
import type { Release, TransferHolder, TransferLimiter } from './transfer-limiter.js';

/** Opens the ZIP of a finished download: begins a transfer of its own, checks what Alfresco sends, and sees to it that it goes on. */
export class ContentOpener {
  constructor(
    private readonly exchange: AlfrescoExchange,
    private readonly policy: UpstreamPolicy,
    private readonly transfers: TransferLimiter,
    private readonly config: Pick<AlfrescoConfig, 'idleTimeoutMs'>,
    private readonly pacing: Pick<Pacing, 'resume'>,
  ) {}

  /** See `AlfrescoClient.openContent`. The transfer counts until the stream is closed. */
  async open(
    node: DownloadNode,
    range: ByteRange,
    holder: TransferHolder,
    caller: AbortSignal,
    onBehalfOf?: string,
  ): Promise<ResumableContent> {
    const release = await this.begin(holder, caller);
    try {
      const opening = { operation: 'content', repeat: 'if-failed', caller } as const;
      const source = await this.request(node, range, opening, onBehalfOf);
      // A connection tells of its end in a context of its own; what follows from that belongs to this request all the same.
      const reopen = AsyncResource.bind((rest: ByteRange, gone: AbortSignal, limitMs: number) => {
        // Repeated by the content itself.
        const resuming = { operation: 'resume', repeat: 'never', caller: gone, limitMs } as const;
        return this.request(node, rest, resuming, onBehalfOf);
      });
      const { idleTimeoutMs } = this.config;
      const { resume } = this.pacing;
      const content = new ResumableContent(source, range, reopen, idleTimeoutMs, resume);
      const tell = AsyncResource.bind((outcome: 'resumed' | 'failed', cause: string) =>
        this.policy.events.emit('resume', { outcome, cause }),
      );
      const link = addAbortListener(caller, () => discard(content));
      content.once('close', () => {
        link[Symbol.dispose]();
        release();
      });
      content.once('error', (error) => tell('failed', codeOf(error)));
      return content.on('resumed', ({ cause }: Resumed) => tell('resumed', cause));
    } catch (error) {
      release();
      throw error;
    }
  }

  private async begin(holder: TransferHolder, caller: AbortSignal): Promise<Release> {
    try {
      return await this.transfers.begin(holder, caller);
    } catch (error) {
      if (!caller.aborted)
        this.policy.events.emit('rejection', { operation: 'content', reason: 'places' });
      throw transportProblem(error);
    }
  }

  private async request(
    node: DownloadNode,
    range: ByteRange,
    call: UpstreamCall,
    onBehalfOf: string | undefined,
  ): Promise<Readable> {
    const expected = expectedAnswer(range, node.size!);
    const request = {
      method: 'GET',
      url: `/nodes/${encodeURIComponent(node.id)}/content`,
      headers: {
        ...requestHeaders('*/*'),
        ...(expected.status === 206 && { Range: `bytes=${range.start}-${range.end}` }),
      },
      responseType: 'stream',
      maxContentLength: expected.length,
    } as const;
    const answer = await this.exchange.authorized<Readable>(call, request, onBehalfOf, (one) =>
      requireContent(one, expected),
    );
    if (answer.status === expected.status) return answer.data;
    discard(answer.data);
    throw contentRefusal(answer);
  }
}

/** The answer that the whole content or a part of it has to come with. */
interface Expected {
  readonly status: 200 | 206;
  readonly length: number;
  /** Of a part. Alfresco sends it with the whole as well, where it means nothing. */
  readonly contentRange?: string;
}

/** The body may never end and is not waited for. A 404 means that it was deleted since it was looked at. */
function contentRefusal(answer: UpstreamResponse<unknown>): ProblemException {
  const { status } = answer;
  if (status === 401 || status >= 500) return serverProblem({ status, body: undefined });
  if (isPage(answer)) return new ForeignResponseException(status);
  if (status === 403) return new ProblemException('FORBIDDEN');
  if (status === 404) return new ProblemException('DOWNLOAD_NOT_FOUND');
  return badResponse(`status ${status}`);
}

/** Alfresco's own errors are JSON, and no ZIP is HTML. */
function isPage({ headers }: Pick<UpstreamResponse<unknown>, 'headers'>): boolean {
  const type = headers['content-type'];
  return typeof type === 'string' && /^text\/html\b/i.test(type);
}

function expectedAnswer({ start, end }: ByteRange, size: number): Expected {
  const length = end - start + 1;
  if (length === size) return { status: 200, length };
  return { status: 206, length, contentRange: `bytes ${start}-${end}/${size}` };
}

/**
 * Waits for the first byte of what was asked for: what fails before can still be repeated, or answered as a problem.
 * @throws ProblemException ALFRESCO_BAD_RESPONSE when it is something else
 */
async function requireContent(
  { status, headers, data }: UpstreamResponse<Readable>,
  expected: Expected,
): Promise<void> {
  if (status !== expected.status) return;
  if (isPage({ headers })) {
    data.destroy();
    throw new ForeignResponseException(status);
  }
  // Also for what fails between its first byte and its reader.
  data.on('error', () => {});
  if (!isContentOf(headers, expected)) {
    data.destroy();
    throw badResponse('content that is not what was asked for');
  }
  // What came with its head may have been wrong already.
  if (data.errored) throw data.errored;
  if (expected.length > 0) await once(data, 'readable');
}

/** A wrong range under a right header would spoil a resumed file without anyone's noticing. */
function isContentOf(headers: UpstreamResponse<unknown>['headers'], expected: Expected): boolean {
  const { contentRange, length } = expected;
  const isRange = contentRange === undefined || headers['content-range'] === contentRange;
  const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity';
  // Without one, the body has to be as long as the node says, and could be anything but for its type.
  const { 'content-length': announced = length, 'content-type': type } = headers;
  const isZip = !/\bjson\b/i.test(String(type));
  return isRange && isPlain && isZip && Number(announced) === length;
}
