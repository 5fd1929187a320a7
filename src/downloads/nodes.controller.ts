import { Delete, Get, Head, Header, HttpCode, Req, Res } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/auth.decorators.js';
import type { HttpReply } from '../http/http-reply.js';
import type { HttpRequest } from '../http/http-request.js';
import { ContentService } from './content/content.service.js';
import { ApiGetContent, ApiHeadContent } from './content/openapi.decorators.js';
import { DownloadId, DownloadsApi } from './downloads-api.decorators.js';
import { DownloadsService } from './downloads.service.js';
import { NodeEntry, toNodeEntry } from './dto/node.dto.js';
import { ContentQuery, NodeQuery } from './dto/queries.dto.js';
import { CheckedQuery } from './dto/checked-query.decorator.js';
import { ApiDeleteNode, ApiGetNode } from './openapi.decorators.js';

/** The paths under which Alfresco's own clients look up, save and remove a ZIP. Download nodes only. */
@DownloadsApi('nodes')
export class NodesController {
  constructor(
    private readonly downloads: DownloadsService,
    private readonly content: ContentService,
  ) {}

  @Get(':id')
  @Header('cache-control', 'no-store')
  @ApiGetNode()
  async get(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @CheckedQuery(NodeQuery) { fields }: Readonly<NodeQuery>,
  ): Promise<NodeEntry> {
    return toNodeEntry(await this.downloads.node(caller, id), caller, fields);
  }

  @Head(':id/content')
  @ApiHeadContent('headNodeContent', 'Size and name of the ZIP, under Alfresco’s path')
  headContent(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @CheckedQuery(ContentQuery) query: Readonly<ContentQuery>,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.content.send(caller, id, query, request, reply);
  }

  @Get(':id/content')
  @ApiGetContent('getNodeContent', 'Save the ZIP, under Alfresco’s path')
  getContent(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @CheckedQuery(ContentQuery) query: Readonly<ContentQuery>,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.content.send(caller, id, query, request, reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiDeleteNode()
  remove(@CurrentCaller() caller: Caller, @DownloadId() id: string): Promise<void> {
    return this.downloads.remove(caller, id);
  }
}
