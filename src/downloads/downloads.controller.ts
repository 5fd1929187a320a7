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
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTerminal } from '../alfresco/download.js';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { DOWNLOAD_EXAMPLES, EXAMPLES } from '../docs/examples.js';
import { ApiContent, ApiFields, ApiId } from './api.decorators.js';
import { ContentService } from './content/content.service.js';
import { DownloadsService } from './downloads.service.js';
import { CreateDownloadDto } from './dto/create-download.dto.js';
import { DownloadEntry, toDownloadEntry } from './dto/download.dto.js';
import { FieldsPipe } from './dto/fields.pipe.js';
import { NodeIdPipe } from './dto/node-id.pipe.js';
import { RETRY_AFTER } from './retry-after.js';

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
      'What may not be read below a requested folder is silently left out. Every call makes a new ZIP.',
  })
  @ApiFields()
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
    'CONTENT_ARCHIVED',
    'BODY_TOO_LARGE',
    'TOO_MANY_NODES',
    'UNSUPPORTED_MEDIA_TYPE',
    'NODE_NOT_ZIPPABLE',
  )
  async create(
    @Body() body: CreateDownloadDto,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DownloadEntry> {
    const download = await this.downloads.create(body);
    reply.headers({ location: childPath(request.url, download.id), ...RETRY_AFTER });
    return toDownloadEntry(download, fields);
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
  @ApiProblems('INVALID_ID', 'NOT_A_DOWNLOAD', 'FORBIDDEN', 'DOWNLOAD_NOT_FOUND')
  async get(
    @Param('id', NodeIdPipe) id: string,
    @Query('fields', FieldsPipe) fields: ReadonlySet<string> | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DownloadEntry> {
    const download = await this.downloads.get(id);
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
    'NOT_A_DOWNLOAD',
    'FORBIDDEN',
    'ORIGIN_FORBIDDEN',
    'DOWNLOAD_NOT_FOUND',
  )
  cancel(@Param('id', NodeIdPipe) id: string): Promise<void> {
    return this.downloads.cancel(id);
  }

  @Head(':id/content')
  @ApiContent('headDownloadContent', 'Size and name of the ZIP')
  headContent(
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.content.send(id, request, reply);
  }

  @Get(':id/content')
  @ApiContent('getDownloadContent', 'Save the ZIP')
  getContent(
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.content.send(id, request, reply);
  }
}

/** Path of a member of the collection that was posted to, whatever prefix it is mounted under. */
function childPath(collectionUrl: string, id: string): string {
  return `${collectionUrl.replace(/\/?(?:\?.*)?$/s, '')}/${id}`;
}
