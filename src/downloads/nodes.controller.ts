import { Delete, Get, Head, HttpCode, Param, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { AcceptsTicket } from '../auth/tickets/accepts-ticket.decorator.js';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import type { HttpReply } from '../http/http-reply.js';
import type { HttpRequest } from '../http/http-request.js';
import { ApiGetContent, ApiHeadContent, ApiId } from './api.decorators.js';
import { ContentService } from './content/content.service.js';
import { DownloadsApi } from './downloads-api.decorator.js';
import { DownloadsService } from './downloads.service.js';
import { NodeIdPipe } from './dto/node-id.pipe.js';

/** The paths under which Alfresco's own clients save and remove a ZIP. Download nodes only. */
@DownloadsApi('nodes')
export class NodesController {
  constructor(
    private readonly downloads: DownloadsService,
    private readonly content: ContentService,
  ) {}

  @Head(':id/content')
  @AcceptsTicket()
  @ApiHeadContent('headNodeContent', 'Size and name of the ZIP, under Alfresco’s path')
  headContent(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.content.send(caller, id, request, reply);
  }

  @Get(':id/content')
  @AcceptsTicket()
  @ApiGetContent('getNodeContent', 'Save the ZIP, under Alfresco’s path')
  getContent(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.content.send(caller, id, request, reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteNode',
    summary: 'Remove a download and its ZIP',
    description:
      'Removes the download node for good, in every state. Nodes that this service did not make are not found.',
  })
  @ApiId()
  @ApiNoContentResponse({ description: 'The download is gone.' })
  @ApiProblems(
    'INVALID_ID',
    'NOT_A_DOWNLOAD',
    'FORBIDDEN',
    'ORIGIN_FORBIDDEN',
    'DOWNLOAD_NOT_FOUND',
    'STORE_UNAVAILABLE',
  )
  remove(@CurrentCaller() caller: Caller, @Param('id', NodeIdPipe) id: string): Promise<void> {
    return this.downloads.remove(caller, id);
  }
}
