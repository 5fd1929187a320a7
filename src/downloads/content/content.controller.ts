import { Get, Head, Req, Res } from '@nestjs/common';
import { AcceptsLink, CurrentCaller } from '../../auth/auth.decorators.js';
import type { Caller } from '../../auth/caller.js';
import type { HttpReply } from '../../http/http-reply.js';
import type { HttpRequest } from '../../http/http-request.js';
import { ApiGetContent, ApiHeadContent } from './openapi.decorators.js';
import { DownloadId, DownloadsApi } from '../downloads-api.decorators.js';
import { ContentQuery } from '../dto/queries.dto.js';
import { CheckedQuery } from '../dto/checked-query.decorator.js';
import { ContentService } from './content.service.js';

@DownloadsApi('downloads')
export class ContentController {
  constructor(private readonly content: ContentService) {}

  @Head(':id/content')
  @AcceptsLink()
  @ApiHeadContent('headDownloadContent', 'Size and name of the ZIP', 'LINK_INVALID')
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
  @AcceptsLink()
  @ApiGetContent('getDownloadContent', 'Save the ZIP', 'LINK_INVALID')
  getContent(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @CheckedQuery(ContentQuery) query: Readonly<ContentQuery>,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.content.send(caller, id, query, request, reply);
  }
}
