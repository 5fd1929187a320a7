import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AcceptsLink } from '../../auth/accepts-link.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { CurrentCaller } from '../../auth/current-caller.decorator.js';
import { ApiGetContent, ApiHeadContent } from '../api.decorators.js';
import { NodeIdPipe } from '../dto/node-id.pipe.js';
import { ContentService } from './content.service.js';

@ApiTags('downloads')
@ApiSecurity('basic')
@ApiSecurity('bearer')
@Controller('downloads')
export class ContentController {
  constructor(private readonly content: ContentService) {}

  @Head(':id/content')
  @AcceptsLink()
  @ApiSecurity('link')
  @ApiHeadContent('headDownloadContent', 'Size and name of the ZIP', 'LINK_INVALID')
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
  @ApiSecurity('link')
  @ApiGetContent('getDownloadContent', 'Save the ZIP', 'LINK_INVALID')
  getContent(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.content.send(caller, id, request, reply);
  }
}
