import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import { AlfrescoClient } from '../../alfresco/alfresco.client.js';
import {
  type ByteRange,
  type Resumed,
  type ResumableContent,
  discard,
} from '../../alfresco/content/resumable-content.js';
import { giveBack } from '../../alfresco/content/read-buffers.js';
import { type DownloadNode, isTerminal } from '../../alfresco/download.js';
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
import { OwnershipService } from '../ownership.service.js';
import { ProgressTracker } from '../progress/progress-tracker.js';
import { ZIP_TYPE, contentDisposition } from './archive-name.js';
import {
  evaluatePreconditions,
  ifRangeHolds,
  parseRange,
  type Validators,
} from './conditional-requests.js';

/** How the caller wants the ZIP. */
export interface ContentWishes {
  /** Whether it comes with `Content-Disposition`. */
  readonly attachment: boolean;
}

type FinishedNode = DownloadNode & { readonly size: number };

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
   * Answers a GET or HEAD for the content of a download.
   * @throws ProblemException CONTENT_NOT_READY, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, those of the node and of Alfresco
   */
  async send(
    caller: Caller,
    id: string,
    request: HttpRequest,
    reply: HttpReply,
    wishes: ContentWishes,
  ): Promise<void> {
    // First of all: a caller who leaves while the node is looked up must not start a transfer for nobody.
    const gone = disconnectSignal(reply);
    await this.ownership.assertOwner(caller, id);
    const node = await this.find(caller, id);
    // Alfresco's clock may be ahead: a date of the future would say nothing (RFC 9110, section 8.8.2.1).
    const modifiedAt = Math.min(node.modifiedAt, Date.now());
    const etag = caller.link?.tagOf(node.modifiedAt) ?? `"${node.modifiedAt}"`;
    const validators = { etag, modifiedAt };
    const headers = validatorHeaders(validators);
    const verdict = evaluatePreconditions(request.headers, validators);
    if (verdict === 'failed') throw new ProblemException('PRECONDITION_FAILED');
    if (verdict === 'not-modified') {
      describe(reply, 304, headers);
      return void reply.send();
    }

    const whole = { start: 0, end: node.size - 1 };
    // Range is defined for GET only (RFC 9110, 14.2).
    const isRangeRequest =
      request.method === 'GET' && ifRangeHolds(request.headers, validators, Date.now());
    const range = isRangeRequest ? parseRange(request.headers.range, node.size) : undefined;
    if (caller.link?.hasEnded && range === undefined) throw new ProblemException('LINK_INVALID');
    if (range === 'unsatisfiable') throw rangeNotSatisfiable(node.size);

    Object.assign(headers, contentHeaders(range ?? whole), dispositionHeader(node, caller, wishes));
    if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${node.size}`;
    if (request.method === 'HEAD') {
      describe(reply, 200, headers);
      return void reply.send();
    }
    const content = await this.open(
      caller,
      node,
      range ?? whole,
      holderOf(caller, request),
      gone,
      reply,
    );
    if (!content) return;
    describe(reply, range ? 206 : 200, headers);
    await this.stream(content, request, gone, reply);
  }

  /**
   * Answers with the whole ZIP, whatever the headers of the request; resolves when it is sent, or the caller has left.
   * @throws ProblemException CONTENT_NOT_READY, those of the node and of Alfresco
   */
  async deliver(
    caller: Caller,
    id: string,
    request: HttpRequest,
    reply: HttpReply,
    gone: AbortSignal,
  ): Promise<void> {
    const node = await this.find(caller, id);
    const whole = { start: 0, end: node.size - 1 };
    const content = await this.open(caller, node, whole, holderOf(caller, request), gone, reply);
    if (!content) return;
    // It can be had only once.
    const once = { 'accept-ranges': 'none', 'cache-control': 'no-store' };
    describe(reply, 200, {
      ...contentHeaders(whole),
      ...dispositionHeader(node, caller, { attachment: true }),
      ...once,
    });
    await this.stream(content, request, gone, reply);
  }

  private async find(caller: Caller, id: string): Promise<FinishedNode> {
    const node = this.alfresco.getDownloadNode(id, caller.name);
    return requireContent(await this.tracker.forgetIfNotFound(id, node));
  }

  /** `undefined` when the caller went away while Alfresco got the content ready: nobody is left to answer. */
  private async open(
    caller: Caller,
    node: FinishedNode,
    range: ByteRange,
    holder: TransferHolder,
    gone: AbortSignal,
    reply: HttpReply,
  ): Promise<ResumableContent | undefined> {
    try {
      return await this.alfresco.openContent(node, range, holder, gone, caller.name);
    } catch (error) {
      if (!gone.aborted) throw error;
      abandon(reply);
      return undefined;
    }
  }

  /** An error can only cut the connection now; the length was announced, so no client takes a part for the whole. */
  private async stream(
    content: ResumableContent,
    request: HttpRequest,
    gone: AbortSignal,
    reply: HttpReply,
  ): Promise<void> {
    const requestId = requestIdOf(request);
    content.once('error', (error: NodeJS.ErrnoException) => {
      if (!gone.aborted)
        this.logger.warn(`ALFRESCO_CUT [${requestId}] ${error.code ?? error.name}`);
    });
    content.on('resumed', ({ position, cause }: Resumed) =>
      this.logger.warn(`ALFRESCO_RESUMED [${requestId}] ${cause}, at byte ${position}`),
    );
    const response = beginResponse(reply);
    await pump(content, response).catch(() => {
      discard(content);
      response.destroy();
    });
  }
}

/**
 * Sends all of it. One chunk at a time is on its way, whose memory is read into again once the operating system has it.
 */
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

/** Where everyone may call, the address tells callers apart. */
function holderOf({ id, link }: Caller, { ip }: HttpRequest): TransferHolder {
  const isLinked = link !== undefined;
  if (isLinked) return { key: `link ${id}`, isLinked };
  return { key: id === ANONYMOUS.id ? `address ${ip}` : `caller ${id}`, isLinked };
}

function describe(reply: HttpReply, status: number, headers: Record<string, string>): void {
  reply.status(status);
  setHeaders(reply, headers);
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

function validatorHeaders({ modifiedAt, etag }: Validators): Record<string, string> {
  return {
    etag,
    'last-modified': new Date(modifiedAt).toUTCString(),
    // The ZIP may be kept by the caller's own cache, but not used without asking.
    'cache-control': 'private, no-cache',
  };
}

function contentHeaders({ start, end }: ByteRange): Record<string, string> {
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
 * As in ContentStreamer.java, `attachment=false` leaves it out for what no browser renders. A ZIP that is labelled as one,
 * with `nosniff`, is saved all the same.
 */
function dispositionHeader(
  { name }: FinishedNode,
  { link }: Caller,
  { attachment }: ContentWishes,
): Record<string, string> {
  if (!attachment) return {};
  return { 'content-disposition': contentDisposition(link?.fileName ?? name) };
}

function rangeNotSatisfiable(size: number): ProblemException {
  return new ProblemException('RANGE_NOT_SATISFIABLE', {
    detail: `The content has ${size} bytes.`,
    headers: { 'content-range': `bytes */${size}`, 'accept-ranges': 'bytes' },
  });
}
