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
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiOkResponse,
  ApiHeader,
  ApiOperation,
  ApiQuery,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AcceptsLink } from '../auth/accepts-link.decorator.js';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { LINK_PARAMETER } from '../auth/link.signer.js';
import { isTerminal } from '../alfresco/download.js';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { DOWNLOAD_EXAMPLES, EXAMPLES } from '../docs/examples.js';
import { ApiContent, ApiFields, ApiId } from './api.decorators.js';
import { ContentService } from './content/content.service.js';
import { DownloadsService } from './downloads.service.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import { DownloadEntry, toDownloadEntry } from './dto/download.dto.js';
import { DirectAccessUrlEntry, toDirectAccessUrlEntry } from './dto/direct-access-url.dto.js';
import { DownloadListEnvelope, toDownloadListEnvelope } from './dto/download-list.dto.js';
import { FieldsPipe } from './dto/fields.pipe.js';
import { IdempotencyKey } from './dto/idempotency-key.decorator.js';
import { NodeIdPipe } from './dto/node-id.pipe.js';
import { WholeNumberPipe } from './dto/whole-number.pipe.js';
import { RETRY_AFTER } from './retry-after.js';

const SKIP_COUNT = { minimum: 0, maximum: 1_000_000, default: 0 };
const MAX_ITEMS = { minimum: 1, maximum: 100, default: 100 };

@ApiTags('downloads')
@ApiSecurity('basic')
@ApiSecurity('bearer')
@Controller('downloads')
export class DownloadsController {
  constructor(
    private readonly downloads: DownloadsService,
    private readonly content: ContentService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'createDownload',
    summary: 'Start a ZIP of nodes',
    description:
      'Alfresco makes the ZIP in the background; poll the address in `Location` until `status` is final. ' +
      'What may not be read below a requested folder is silently left out. Without an `Idempotency-Key` every call makes a new ZIP.',
  })
  @ApiFields()
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    schema: { type: 'string', maxLength: 255 },
    description:
      'Makes the request safe to repeat: the same caller gets the same download for the same key and nodes.',
  })
  @ApiBody({
    type: CreateDownloadDto,
    examples: { folder: { summary: 'A folder of the demo', value: { nodeIds: EXAMPLES.nodeIds } } },
  })
  @ApiAcceptedResponse({
    type: DownloadEntry,
    description: 'The ZIP has been asked for.',
    example: DOWNLOAD_EXAMPLES.pending,
    headers: {
      Location: { description: 'Path of the download.', schema: { type: 'string' } },
      'Retry-After': {
        description: 'Seconds until it is worth asking.',
        schema: { type: 'integer' },
      },
    },
  })
  @ApiProblems(
    'VALIDATION_FAILED',
    'MALFORMED_BODY',
    'ORIGIN_FORBIDDEN',
    'NODE_FORBIDDEN',
    'NODE_NOT_FOUND',
    'IDEMPOTENCY_KEY_IN_USE',
    'CONTENT_ARCHIVED',
    'BODY_TOO_LARGE',
    'TOO_MANY_NODES',
    'UNSUPPORTED_MEDIA_TYPE',
    'NODE_NOT_ZIPPABLE',
    'IDEMPOTENCY_KEY_REUSED',
    'STORE_UNAVAILABLE',
  )
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateDownloadDto,
    @IdempotencyKey() key: string | undefined,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DownloadEntry> {
    const download = await this.downloads.create(caller, body.nodeIds, key);
    reply.headers({ location: `${request.routeOptions.url}/${download.id}`, ...RETRY_AFTER });
    return toDownloadEntry(download, fields);
  }

  @Get()
  @ApiOperation({
    operationId: 'listDownloads',
    summary: 'List own downloads',
    description:
      'The downloads that the caller has made, newest first, each as it is now. Those that Alfresco has removed are left out.',
  })
  @ApiQuery({ name: 'skipCount', required: false, schema: { ...SKIP_COUNT, type: 'integer' } })
  @ApiQuery({ name: 'maxItems', required: false, schema: { ...MAX_ITEMS, type: 'integer' } })
  @ApiFields()
  @ApiOkResponse({
    type: DownloadListEnvelope,
    description: 'A page of the list.',
    example: DOWNLOAD_EXAMPLES.list,
  })
  @ApiProblems('VALIDATION_FAILED', 'STORE_UNAVAILABLE')
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
  @ApiOperation({
    operationId: 'getDownload',
    summary: 'Look at a download',
    description:
      'Progress of the ZIP. Final are DONE, CANCELLED and MAX_CONTENT_SIZE_EXCEEDED; until then `Retry-After` is sent. ' +
      'DONE with `filesAdded` below `totalFiles` is possible: a file without content is left out.',
  })
  @ApiId()
  @ApiFields()
  @ApiOkResponse({
    description: 'The download as it is now.',
    headers: {
      'Retry-After': {
        description: 'Seconds until it is worth asking again; only while the status can change.',
        schema: { type: 'integer' },
      },
    },
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/DownloadEntry' },
        examples: {
          running: { summary: 'Being made', value: DOWNLOAD_EXAMPLES.inProgress },
          done: { summary: 'Finished', value: DOWNLOAD_EXAMPLES.done },
        },
      },
    },
  })
  @ApiProblems('INVALID_ID', 'FORBIDDEN', 'DOWNLOAD_NOT_FOUND', 'STORE_UNAVAILABLE')
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
  @ApiOperation({
    operationId: 'cancelDownload',
    summary: 'Cancel a download',
    description:
      'Asks Alfresco to stop. The job looks at this only when it reports progress, so a small or nearly finished ZIP still ends DONE. ' +
      'The node stays until it is removed with DELETE /nodes/{id} or by Alfresco’s own clean-up. May be repeated.',
  })
  @ApiId()
  @ApiAcceptedResponse({ description: 'The cancellation has been asked for.' })
  @ApiProblems(
    'INVALID_ID',
    'FORBIDDEN',
    'ORIGIN_FORBIDDEN',
    'DOWNLOAD_NOT_FOUND',
    'STORE_UNAVAILABLE',
  )
  cancel(@CurrentCaller() caller: Caller, @Param('id', NodeIdPipe) id: string): Promise<void> {
    return this.downloads.cancel(caller, id);
  }

  @Post(':id/request-direct-access-url')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'requestDirectAccessUrl',
    summary: 'Make a link that needs no credentials',
    description:
      'For a plain `<a href>`: the answer holds an address of the content that works without a header until it expires ' +
      '(LINK_TTL). It is good for this download only, as the caller who asked for it.',
  })
  @ApiId()
  @ApiOkResponse({ type: DirectAccessUrlEntry, description: 'The link.' })
  @ApiProblems(
    'INVALID_ID',
    'FORBIDDEN',
    'ORIGIN_FORBIDDEN',
    'DOWNLOAD_NOT_FOUND',
    'STORE_UNAVAILABLE',
  )
  async requestLink(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<DirectAccessUrlEntry> {
    const path = siblingPath(request.routeOptions.url!, id, 'content');
    const { link, expiresAt } = await this.downloads.link(caller, id, path);
    const contentUrl = `${request.protocol}://${request.host}${path}?${LINK_PARAMETER}=${link}`;
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
