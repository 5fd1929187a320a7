import {
  Delete,
  Get,
  Head,
  Header,
  HttpCode,
  Query,
  Req,
  Res,
  applyDecorators,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/auth.decorators.js';
import type { HttpReply } from '../http/http-reply.js';
import type { HttpRequest } from '../http/http-request.js';
import { ApiProblems } from '../openapi/api-problems.decorators.js';
import { NODE_EXAMPLE } from '../openapi/examples.js';
import { NOT_KEPT } from '../openapi/headers.js';
import { ContentService } from './content/content.service.js';
import { ApiGetContent, ApiHeadContent } from './content/openapi.decorators.js';
import { DownloadId, DownloadsApi } from './downloads-api.decorators.js';
import { DownloadsService } from './downloads.service.js';
import { NodeEntry, toNodeEntry } from './dto/node.dto.js';
import { ContentQuery, NodeQuery } from './dto/queries.dto.js';
import { QueryPipe } from './dto/query.pipe.js';
import { ApiId, ID_PROBLEMS } from './openapi.decorators.js';

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
    @Query(new QueryPipe(NodeQuery)) { fields }: Readonly<NodeQuery>,
  ): Promise<NodeEntry> {
    return toNodeEntry(await this.downloads.node(caller, id), caller, fields);
  }

  @Head(':id/content')
  @ApiHeadContent('headNodeContent', 'Size and name of the ZIP, under Alfresco’s path')
  headContent(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @Query(new QueryPipe(ContentQuery)) query: Readonly<ContentQuery>,
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
    @Query(new QueryPipe(ContentQuery)) query: Readonly<ContentQuery>,
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

function ApiGetNode(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'getNode',
      summary: 'Look up the node of a download',
      description:
        'Alfresco’s entry of the download node, which tells the name of the ZIP and, once it is DONE, its size. Nodes that this ' +
        'service did not make are not found. Alfresco’s other parameters, such as `include`, are ignored.',
    }),
    ApiId(),
    ApiQuery({ type: NodeQuery }),
    ApiOkResponse({
      type: NodeEntry,
      description: 'The node.',
      headers: NOT_KEPT,
      example: NODE_EXAMPLE,
    }),
    ApiProblems(...ID_PROBLEMS),
  );
}

function ApiDeleteNode(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'deleteNode',
      summary: 'Remove a download and its ZIP',
      description:
        'Removes the download node for good, in every state. One whose job still runs is cancelled first, and removed once the job ' +
        'has stopped; the response waits for that no longer than ALFRESCO_TIMEOUT_MS. Nodes that this service did not make are not ' +
        'found.',
    }),
    ApiId(),
    ApiNoContentResponse({ description: 'The download is gone.' }),
    ApiProblems('ALFRESCO_READ_ONLY', ...ID_PROBLEMS, 'ORIGIN_FORBIDDEN'),
  );
}
