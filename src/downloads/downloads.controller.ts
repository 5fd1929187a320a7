import { Body, Delete, Get, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { type Download, isTerminal } from '../alfresco/download.js';
import { CurrentCaller } from '../auth/auth.decorators.js';
import type { Caller } from '../auth/caller.js';
import { LINK_PARAMETER } from '../auth/signed-link.js';
import { type HttpReply, RETRY_AFTER, disconnectSignal, setHeaders } from '../http/http-reply.js';
import { type HttpRequest, parseWait, pathOf, publicPathOf } from '../http/http-request.js';
import { BodyValidationPipe } from '../problems/body-validation.pipe.js';
import { ProblemException } from '../problems/problem.exception.js';
import { publicBaseOf } from '../server/public-url.js';
import { isCurrent } from './content/conditional-requests.js';
import { ApiDeliverContent } from './content/openapi.decorators.js';
import { CreationService } from './creation.service.js';
import { DeliveryService } from './delivery.service.js';
import { DownloadId, DownloadsApi } from './downloads-api.decorators.js';
import { DownloadsService } from './downloads.service.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import {
  DirectAccessUrlBodyDto,
  DirectAccessUrlEntry,
  toDirectAccessUrlEntry,
} from './dto/direct-access-url.dto.js';
import { DownloadListEnvelope, toDownloadListEnvelope } from './dto/download-list.dto.js';
import { DownloadEntry, downloadBody, toDownloadEntry } from './dto/download.dto.js';
import { CancelQuery, CreateQuery, DownloadQuery, ListQuery } from './dto/queries.dto.js';
import { CheckedQuery } from './dto/checked-query.decorator.js';
import { IdempotencyKey } from './idempotency.service.js';
import {
  ApiCancelDownload,
  ApiCreateDownload,
  ApiGetDownload,
  ApiListDownloads,
  ApiRequestLink,
} from './openapi.decorators.js';
import { stateTag } from './progress/progress-event.js';

@DownloadsApi('downloads')
export class DownloadsController {
  constructor(
    private readonly creation: CreationService,
    private readonly downloads: DownloadsService,
    private readonly delivery: DeliveryService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiCreateDownload()
  async create(
    @CurrentCaller() caller: Caller,
    @Body(new BodyValidationPipe(CreateDownloadDto)) { nodeIds }: Readonly<CreateDownloadDto>,
    @IdempotencyKey() key: string | undefined,
    @CheckedQuery(CreateQuery) { fields }: Readonly<CreateQuery>,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DownloadEntry> {
    const seconds = parseWait(request.headers.prefer);
    const signal = disconnectSignal(reply);
    const made = await this.creation.create(caller, nodeIds, key);
    const download =
      seconds === undefined
        ? made
        : await this.downloads.untilFinished(caller, made, { seconds, signal });
    const path = pathOf(request.originalUrl).replace(/\/$/, '');
    reply.header('location', `${publicPathOf(request)}${path}/${download.id}`);
    setEntryHeaders(reply, download, seconds);
    return toDownloadEntry(download, fields);
  }

  @Post('content')
  @HttpCode(200)
  @ApiDeliverContent()
  async deliver(
    @CurrentCaller() caller: Caller,
    @Body(new BodyValidationPipe(CreateDownloadDto)) { nodeIds }: Readonly<CreateDownloadDto>,
    @IdempotencyKey() key: string | undefined,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    if (key !== undefined) throw keyWithDelivery();
    return this.delivery.deliver(caller, nodeIds, request, reply);
  }

  @Get()
  @Header('cache-control', 'no-store')
  @ApiListDownloads()
  async list(
    @CurrentCaller() caller: Caller,
    @CheckedQuery(ListQuery) query: Readonly<ListQuery>,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DownloadListEnvelope> {
    const { skipCount, maxItems } = query;
    const list = await this.downloads.list(caller, skipCount, maxItems, disconnectSignal(reply));
    if (list.downloads.some(({ status }) => !isTerminal(status))) setHeaders(reply, RETRY_AFTER);
    return toDownloadListEnvelope(list, query);
  }

  /** Sends its response itself: clients poll this route, and Nest would spend a tenth of the CPU time on that (`bench/`). */
  @Get(':id')
  @ApiGetDownload()
  async get(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @CheckedQuery(DownloadQuery) { fields }: Readonly<DownloadQuery>,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const seconds = parseWait(request.headers.prefer);
    const tags = request.headers['if-none-match'];
    const known = tags === undefined ? undefined : (tag: string) => isCurrent(tags, `"${tag}"`);
    const wait =
      seconds === undefined ? undefined : { seconds, known, signal: disconnectSignal(reply) };
    const download = await this.downloads.get(caller, id, wait);
    const tag = stateTag(download);
    reply.header('etag', `"${tag}"`);
    setEntryHeaders(reply, download, seconds);
    if (known?.(tag)) {
      reply.status(304);
      void reply.send();
    } else {
      reply.header('content-type', 'application/json; charset=utf-8');
      void reply.send(downloadBody(download, fields));
    }
  }

  @Delete(':id')
  @HttpCode(202)
  @ApiCancelDownload()
  async cancel(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @CheckedQuery(CancelQuery) { purge }: Readonly<CancelQuery>,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<void> {
    if (!purge) return this.downloads.cancel(caller, id);
    await this.downloads.purge(caller, id);
    reply.status(204);
  }

  @Post(':id/request-direct-access-url')
  @HttpCode(200)
  @ApiRequestLink()
  async requestLink(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @Body(new BodyValidationPipe(DirectAccessUrlBodyDto, true))
    { attachment = true, ...wishes }: Readonly<DirectAccessUrlBodyDto>,
    @Req() request: HttpRequest,
  ): Promise<DirectAccessUrlEntry> {
    const path = `${withoutLastTwo(pathOf(request.originalUrl))}/${id}/content`;
    const { link, expiresAt } = await this.downloads.link(caller, id, path, wishes);
    const query = `${LINK_PARAMETER}=${link}${attachment ? '' : '&attachment=false'}`;
    const contentUrl = `${publicBaseOf(request)}${path}?${query}`;
    return toDirectAccessUrlEntry(contentUrl, attachment, expiresAt);
  }
}

/** When it is worth asking again, and how long this request was willing to wait. */
function setEntryHeaders(
  reply: HttpReply,
  { status }: Download,
  waitedSeconds: number | undefined,
): void {
  reply.header('cache-control', 'no-store');
  if (waitedSeconds !== undefined) reply.header('preference-applied', `wait=${waitedSeconds}`);
  if (!isTerminal(status)) reply.header('retry-after', RETRY_AFTER['retry-after']);
}

/** A repeated request could not get the same ZIP: it is removed once it has been sent. */
function keyWithDelivery(): ProblemException {
  return new ProblemException('VALIDATION_FAILED', {
    errors: [
      {
        parameter: 'Idempotency-Key',
        detail: 'is not accepted here: the ZIP can be fetched only once',
      },
    ],
  });
}

/** Relative to where the API is mounted, under whatever prefix of the application. */
function withoutLastTwo(path: string): string {
  return path.replace(/(?:\/[^/]+){2}\/?$/, '');
}
