import { Get, Param, Req, Res } from '@nestjs/common';
import type { Caller } from '../../auth/caller.js';
import { CurrentCaller } from '../../auth/auth.decorators.js';
import type { HttpReply } from '../../http/http-reply.js';
import type { HttpRequest } from '../../http/http-request.js';
import { ApiWatchDownload } from '../download-api.decorators.js';
import { DownloadsApi } from '../downloads-api.decorator.js';
import { NodeIdPipe } from '../dto/node-id.pipe.js';
import { EventsService } from './events.service.js';

/** Server-sent events. Not Nest's `@Sse`: it takes no header from the handler, sends errors as events, and queues for slow clients. */
@DownloadsApi('downloads')
export class EventsController {
  constructor(private readonly events: EventsService) {}

  @Get(':id/events')
  @ApiWatchDownload()
  watch(
    @CurrentCaller() caller: Caller,
    @Param('id', NodeIdPipe) id: string,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.events.stream(caller, id, request, reply);
  }
}
