import { Body, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/auth.decorators.js';
import { LINK_PARAMETER } from '../auth/signed-link.js';
import { type HttpReply, RETRY_AFTER, disconnectSignal, setHeaders } from '../http/http-reply.js';
import { type HttpRequest, pathOf, publicPathOf } from '../http/http-request.js';
import { publicBaseOf } from '../server/public-url.js';
import { BodyValidationPipe } from '../problems/body-validation.pipe.js';
import { type Download, isTerminal } from '../alfresco/download.js';
import { CreationService } from './creation.service.js';
import { isCurrent } from './content/conditional-requests.js';
import { DeliveryService } from './delivery.service.js';
import {
  ApiCancelDownload,
  ApiCreateDownload,
  ApiDeliverContent,
  ApiGetDownload,
  ApiListDownloads,
  ApiRequestLink,
} from './download-api.decorators.js';
import { DownloadsApi } from './downloads-api.decorator.js';
import { DownloadsService } from './downloads.service.js';
import { ChoicePipe } from './dto/choice.pipe.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import { toDownloadEntry } from './dto/download.dto.js';
import { DownloadListEnvelope, toDownloadListEnvelope } from './dto/download-list.dto.js';
import {
  DirectAccessUrlBodyDto,
  DirectAccessUrlEntry,
  toDirectAccessUrlEntry,
} from './dto/direct-access-url.dto.js';
import { FieldsPipe } from './dto/fields.pipe.js';
import { IdempotencyKey } from './idempotency.service.js';
import { NodeIdPipe } from './dto/node-id.pipe.js';
import { RemovedParameterPipe } from './dto/removed-parameter.pipe.js';
import { WholeNumberPipe } from './dto/whole-number.pipe.js';
import { MAX_ITEMS, SKIP_COUNT } from './paging.js';
import { PreferredWait } from './progress/prefer-header.js';
import { stateTag } from './progress/progress-event.js';

const NO_DELIVER = new RemovedParameterPipe('POST /downloads/content gives the ZIP in one call');

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
    @Body(new BodyValidationPipe(CreateDownloadDto)) body: Readonly<CreateDownloadDto>,
    @IdempotencyKey() key: string | undefined,
    @PreferredWait() seconds: number | undefined,
    @Query('deliver', NO_DELIVER) _deliver: undefined,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const signal = disconnectSignal(reply);
    const made = await this.creation.create(caller, body.nodeIds, key);
    const download =
      seconds === undefined
        ? made
        : await this.downloads.untilFinished(caller, made, { seconds, signal });
    const path = pathOf(request.originalUrl).replace(/\/$/, '');
    reply.header('location', `${publicPathOf(request)}${path}/${download.id}`);
    sendDownload(reply, download, seconds, fields);
  }

  @Post('content')
  @HttpCode(200)
  @ApiDeliverContent()
  async deliver(
    @CurrentCaller() caller: Caller,
    @Body(new BodyValidationPipe(CreateDownloadDto)) body: Readonly<CreateDownloadDto>,
    @IdempotencyKey() key: string | undefined,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    if (key !== undefined) throw keyWithDelivery();
    return this.delivery.deliver(caller, body.nodeIds, request, reply);
  }

  @Get()
  @ApiListDownloads()
  async list(
    @CurrentCaller() caller: Caller,
    @Query('skipCount', new WholeNumberPipe(SKIP_COUNT)) skipCount: number,
    @Query('maxItems', new WholeNumberPipe(MAX_ITEMS)) maxItems: number,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DownloadListEnvelope> {
    const list = await this.downloads.list(caller, skipCount, maxItems, disconnectSignal(reply));
    reply.header('cache-control', 'no-store');
    if (list.downloads.some(({ status }) => !isTerminal(status))) setHeaders(reply, RETRY_AFTER);
    return toDownloadListEnvelope(list, skipCount, maxItems, fields);
  }

  @Get(':id')
  @ApiGetDownload()
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @PreferredWait() seconds: number | undefined,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const tags = request.headers['if-none-match'];
    const known = tags === undefined ? undefined : (tag: string) => isCurrent(tags, `"${tag}"`);
    const patience =
      seconds === undefined ? undefined : { seconds, known, signal: disconnectSignal(reply) };
    const download = await this.downloads.get(caller, id, patience);
    reply.header('etag', `"${stateTag(download)}"`);
    if (known?.(stateTag(download))) reply.status(304);
    sendDownload(reply, download, seconds, fields);
  }

  @Delete(':id')
  @HttpCode(202)
  @ApiCancelDownload()
  async cancel(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Query('purge', new ChoicePipe(['true', 'false'])) purge: 'true' | 'false' | undefined,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<void> {
    if (purge !== 'true') return this.downloads.cancel(caller, id);
    await this.downloads.purge(caller, id);
    reply.status(204);
  }

  @Post(':id/request-direct-access-url')
  @HttpCode(200)
  @ApiRequestLink()
  async requestLink(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
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

/** Answers with the entry, and with what the caller has to know to wait well. */
function sendDownload(
  reply: HttpReply,
  download: Download,
  waited: number | undefined,
  fields: ReadonlySet<string> | undefined,
): void {
  reply.header('cache-control', 'no-store');
  if (waited !== undefined) reply.header('preference-applied', `wait=${waited}`);
  if (!isTerminal(download.status)) setHeaders(reply, RETRY_AFTER);
  void reply.send(reply.statusCode === 304 ? undefined : toDownloadEntry(download, fields));
}

/** The ZIP that a key stands for is not there any more when the request is repeated. */
function keyWithDelivery(): ProblemException {
  return new ProblemException('VALIDATION_FAILED', {
    errors: [
      {
        parameter: 'Idempotency-Key',
        detail: 'is not accepted here: the ZIP can be had only once',
      },
    ],
  });
}

/** A path without its last two segments: under whatever prefix the API is, it leads to the others. */
function withoutLastTwo(path: string): string {
  return path.replace(/(?:\/[^/]+){2}\/?$/, '');
}
