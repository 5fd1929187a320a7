import {
  Body,
  Controller,
  Delete,
  Get,
  Head,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';
import { AcceptsLink } from '../auth/accepts-link.decorator.js';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { LINK_PARAMETER } from '../auth/link.signer.js';
import { isTerminal } from '../alfresco/download.js';
import { ApiContent } from './api.decorators.js';
import { CreationService } from './creation.service.js';
import { ContentService } from './content/content.service.js';
import {
  ApiCancelDownload,
  ApiCreateDownload,
  ApiGetDownload,
  ApiListDownloads,
  ApiRequestLink,
} from './download-api.decorators.js';
import { DownloadsService } from './downloads.service.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import { DownloadEntry, toDownloadEntry } from './dto/download.dto.js';
import { DirectAccessUrlEntry, toDirectAccessUrlEntry } from './dto/direct-access-url.dto.js';
import { DownloadListEnvelope, toDownloadListEnvelope } from './dto/download-list.dto.js';
import { FieldsPipe } from './dto/fields.pipe.js';
import { IdempotencyKey } from './dto/idempotency-key.decorator.js';
import { NodeIdPipe } from './dto/node-id.pipe.js';
import { WholeNumberPipe } from './dto/whole-number.pipe.js';
import { MAX_ITEMS, SKIP_COUNT } from './paging.js';
import { RETRY_AFTER } from './retry-after.js';

@ApiTags('downloads')
@ApiSecurity('basic')
@ApiSecurity('bearer')
@Controller('downloads')
export class DownloadsController {
  constructor(
    private readonly creation: CreationService,
    private readonly downloads: DownloadsService,
    private readonly content: ContentService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiCreateDownload()
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateDownloadDto,
    @IdempotencyKey() key: string | undefined,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DownloadEntry> {
    const download = await this.creation.create(caller, body.nodeIds, key);
    reply.headers({ location: `${request.routeOptions.url}/${download.id}`, ...RETRY_AFTER });
    return toDownloadEntry(download, fields);
  }

  @Get()
  @ApiListDownloads()
  async list(
    @CurrentCaller() caller: Caller,
    @Query('skipCount', new WholeNumberPipe(SKIP_COUNT)) skipCount: number,
    @Query('maxItems', new WholeNumberPipe(MAX_ITEMS)) maxItems: number,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DownloadListEnvelope> {
    const list = await this.downloads.list(caller, skipCount, maxItems);
    reply.header('cache-control', 'no-store');
    return toDownloadListEnvelope(list, skipCount, maxItems, fields);
  }

  @Get(':id')
  @ApiGetDownload()
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DownloadEntry> {
    const download = await this.downloads.get(caller, id);
    reply.header('cache-control', 'no-store');
    if (!isTerminal(download.status)) reply.headers(RETRY_AFTER);
    return toDownloadEntry(download, fields);
  }

  @Delete(':id')
  @HttpCode(202)
  @ApiCancelDownload()
  cancel(@CurrentCaller() caller: Caller, @Param('id', NodeIdPipe) id: string): Promise<void> {
    return this.downloads.cancel(caller, id);
  }

  @Post(':id/request-direct-access-url')
  @HttpCode(200)
  @ApiRequestLink()
  async requestLink(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<DirectAccessUrlEntry> {
    const path = siblingPath(request.routeOptions.url!, id, 'content');
    const { link, expiresAt } = await this.downloads.link(caller, id, path);
    const contentUrl = `${originOf(request)}${path}?${LINK_PARAMETER}=${link}`;
    return toDirectAccessUrlEntry(contentUrl, expiresAt);
  }

  @Head(':id/content')
  @AcceptsLink()
  @ApiContent('headDownloadContent', 'Size and name of the ZIP')
  headContent(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.content.send(caller, id, request, reply);
  }

  @Get(':id/content')
  @AcceptsLink()
  @ApiContent('getDownloadContent', 'Save the ZIP')
  getContent(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.content.send(caller, id, request, reply);
  }
}

/** Path of another route of one download, from the pattern of this one, and so under whatever prefix the API is. */
function siblingPath(pattern: string, id: string, name: string): string {
  return pattern.replace(/:id\/.*$/, `${id}/${name}`);
}

/**
 * Where the caller reached this service, by his own word or by that of a trusted proxy (TRUST_PROXY). It goes into a page.
 * @throws ProblemException MALFORMED_REQUEST when it is no origin of the web
 */
function originOf({ protocol, host }: FastifyRequest): string {
  const isHost = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host);
  if (isHost && /^https?$/.test(protocol)) return `${protocol}://${host}`;
  throw new ProblemException('MALFORMED_REQUEST', {
    detail: 'The Host header, or what a proxy says of it, is not the address of a web server.',
  });
}
