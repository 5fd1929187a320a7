import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import { AlfrescoClient } from '../../alfresco/alfresco.client.js';
import {
  type Resumed,
  type ResumableContent,
  discard,
} from '../../alfresco/content/resumable-content.js';
import { giveBack } from '../../alfresco/content/read-buffers.js';
import { type ByteRange, type DownloadNode, isTerminal } from '../../alfresco/download.js';
import type { TransferHolder } from '../../alfresco/content/transfer-limiter.js';
import { ANONYMOUS, type Caller } from '../../auth/caller.js';
import {
  type HttpReply,
  RETRY_AFTER,
  abandon,
  beginResponse,
  disconnectSignal,
  setHeaders,
} from '../../http/http-reply.js';
import { type HttpRequest, requestIdOf } from '../../http/http-request.js';
import { ProblemException } from '../../problems/problem.exception.js';
import type { ContentQuery } from '../dto/queries.dto.js';
import { OwnershipService } from '../ownership.service.js';
import { ProgressTracker } from '../progress/progress-tracker.js';
import { ZIP_TYPE, contentDisposition } from './archive-name.js';
import { type Validators, evaluatePreconditions, requestedRange } from './conditional-requests.js';

/** A request for the content of a download. */
export interface ContentRequest {
  readonly caller: Caller;
  readonly request: HttpRequest;
  readonly reply: HttpReply;
  /** Aborted when the client disconnects. */
  readonly disconnected: AbortSignal;
}

type FinishedNode = DownloadNode & { readonly size: number };

type Headers = Record<string, string>;

/** Serves the ZIP of a download as RFC 9110 wants it, which Alfresco's own content route does not. */
@Injectable()
export class ContentService {
  private readonly logger = new Logger('Content');

  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly tracker: ProgressTracker,
    private readonly ownership: OwnershipService,
  ) {}

  /**
   * Responds to a GET or HEAD.
   * @throws ProblemException CONTENT_NOT_READY, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, LINK_INVALID, those of the node
   *   and of Alfresco
   */
  async send(
    caller: Caller,
    id: string,
    { attachment }: ContentQuery,
    request: HttpRequest,
    reply: HttpReply,
  ): Promise<void> {
    // Before the first `await`: a client that disconnects while the node is looked up must not start a transfer.
    const disconnected = disconnectSignal(reply);
    await this.ownership.assertOwner(caller, id);
    const node = await this.findFinished(caller, id);
    const validators = validatorsOf(node, caller);
    const headers = validatorHeaders(validators);
    const verdict = evaluatePreconditions(request.headers, validators);
    if (verdict === 'failed') throw new ProblemException('PRECONDITION_FAILED');
    if (verdict === 'not-modified') return sendHead(reply, 304, headers);

    const range = requestedRange(request, validators, node.size, Date.now());
    // One that has ended is good for the rest of a transfer only (see `LinkSigner.verify`).
    if (caller.link?.hasEnded && range === undefined) throw new ProblemException('LINK_INVALID');
    if (range === 'unsatisfiable') throw rangeNotSatisfiable(node.size);

    const sent = range ?? wholeOf(node);
    Object.assign(headers, contentHeaders(sent), attachment && dispositionHeader(node, caller));
    if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${node.size}`;
    if (request.method === 'HEAD') return sendHead(reply, 200, headers);
    const status = range ? 206 : 200;
    await this.transfer({ caller, request, reply, disconnected }, node, sent, status, headers);
  }

  /**
   * Responds with the whole ZIP, which can be fetched only once: without ranges, whatever the headers of the request. Resolves
   * when it is sent, or the client has disconnected.
   * @throws ProblemException CONTENT_NOT_READY, those of the node and of Alfresco
   */
  async sendOnce(from: ContentRequest, id: string): Promise<void> {
    const node = await this.findFinished(from.caller, id);
    const whole = wholeOf(node);
    await this.transfer(from, node, whole, 200, {
      ...contentHeaders(whole),
      ...dispositionHeader(node, from.caller),
      'accept-ranges': 'none',
      'cache-control': 'no-store',
    });
  }

  private async findFinished(caller: Caller, id: string): Promise<FinishedNode> {
    const node = this.alfresco.getDownloadNode(id, caller);
    return requireContent(await this.tracker.forgetIfNotFound(id, node));
  }

  /** The head is set once Alfresco has begun to send: a problem document has other headers. */
  private async transfer(
    { caller, request, reply, disconnected }: ContentRequest,
    node: FinishedNode,
    range: ByteRange,
    status: number,
    headers: Headers,
  ): Promise<void> {
    let content: ResumableContent;
    try {
      const holder = holderOf(caller, request);
      content = await this.alfresco.openContent(node, range, holder, disconnected, caller);
    } catch (error) {
      if (!disconnected.aborted) throw error;
      return abandon(reply);
    }
    this.logInterruptions(content, requestIdOf(request), disconnected);
    setHead(reply, status, headers);
    const response = beginResponse(reply);
    // An error can only cut the connection now; the length was announced, so no client takes a part for the whole.
    await pump(content, response).catch(() => {
      discard(content);
      response.destroy();
    });
  }

  private logInterruptions(
    content: ResumableContent,
    requestId: string,
    disconnected: AbortSignal,
  ): void {
    content.once('error', (error: NodeJS.ErrnoException) => {
      if (disconnected.aborted) return;
      this.logger.warn(`ALFRESCO_CUT [${requestId}] ${error.code ?? error.name}`);
    });
    content.on('resumed', ({ position, cause }: Resumed) =>
      this.logger.warn(`ALFRESCO_RESUMED [${requestId}] ${cause}, at byte ${position}`),
    );
  }
}

/** One chunk at a time is on its way; its memory is read into again once the operating system has taken it. */
async function pump(content: ResumableContent, response: ServerResponse): Promise<void> {
  // Or content whose client has disconnected would fail with an AbortError, as if Alfresco had cut it.
  const chunks: AsyncIterable<Buffer> = content.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    await new Promise<void>((resolve, reject) => {
      response.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    giveBack(chunk);
  }
  await finished(response.end());
}

/** With `AUTH=none` all have one id, so that the address has to tell them apart. */
function holderOf({ id, link }: Caller, { ip }: HttpRequest): TransferHolder {
  const isLinked = link !== undefined;
  if (isLinked) return { key: `link ${id}`, isLinked };
  return { key: id === ANONYMOUS.id ? `address ${ip}` : `caller ${id}`, isLinked };
}

function sendHead(reply: HttpReply, status: number, headers: Headers): void {
  setHead(reply, status, headers);
  reply.send();
}

function setHead(reply: HttpReply, status: number, headers: Headers): void {
  reply.status(status);
  setHeaders(reply, headers);
}

function wholeOf({ size }: FinishedNode): ByteRange {
  return { start: 0, end: size - 1 };
}

/** A download without content is not an error of Alfresco: it is too early, or it ended without a ZIP. */
function requireContent(node: DownloadNode): FinishedNode {
  const { status, size } = node;
  if (size !== undefined) return { ...node, size };
  throw new ProblemException('CONTENT_NOT_READY', {
    detail: isTerminal(status)
      ? `The download ended as ${status} and has no content.`
      : `The download is ${status}; its content is there when it is DONE.`,
    headers: isTerminal(status) ? undefined : RETRY_AFTER,
  });
}

function validatorsOf({ modifiedAt }: FinishedNode, { link }: Caller): Validators {
  return {
    etag: link?.tagOf(modifiedAt) ?? `"${modifiedAt}"`,
    // Alfresco's clock may be ahead: a date of the future would say nothing (RFC 9110, section 8.8.2.1).
    modifiedAt: Math.min(modifiedAt, Date.now()),
  };
}

function validatorHeaders({ modifiedAt, etag }: Validators): Headers {
  return {
    etag,
    'last-modified': new Date(modifiedAt).toUTCString(),
    // The ZIP may be kept by the caller's own cache, but not used without asking.
    'cache-control': 'private, no-cache',
  };
}

function contentHeaders({ start, end }: ByteRange): Headers {
  return {
    'content-type': ZIP_TYPE,
    'content-length': String(end - start + 1),
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    // A proxy that reads a ZIP faster than its client fills its disk, and then makes Alfresco's connection wait for minutes.
    'x-accel-buffering': 'no',
  };
}

/**
 * With `attachment=false` it is left out, as in Alfresco (ContentStreamer.java). Browsers save a ZIP that is labelled as one,
 * with `nosniff`, all the same.
 */
function dispositionHeader({ name }: FinishedNode, { link }: Caller): Headers {
  return { 'content-disposition': contentDisposition(link?.fileName ?? name) };
}

function rangeNotSatisfiable(size: number): ProblemException {
  return new ProblemException('RANGE_NOT_SATISFIABLE', {
    detail: `The content has ${size} bytes.`,
    headers: { 'content-range': `bytes */${size}`, 'accept-ranges': 'bytes' },
  });
}
