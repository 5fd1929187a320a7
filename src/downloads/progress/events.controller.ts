import { Get, Req, Res, applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Caller } from '../../auth/caller.js';
import { CurrentCaller } from '../../auth/auth.decorators.js';
import type { HttpReply } from '../../http/http-reply.js';
import type { HttpRequest } from '../../http/http-request.js';
import { ApiProblems } from '../../openapi/api-problems.decorators.js';
import { EVENT_EXAMPLE } from '../../openapi/examples.js';
import { textHeader } from '../../openapi/headers.js';
import { DownloadId, DownloadsApi } from '../downloads-api.decorators.js';
import { DownloadEventDto, ProgressDto } from '../dto/progress.dto.js';
import { ApiId, ID_PROBLEMS } from '../openapi.decorators.js';
import { EventsService } from './events.service.js';

/** Server-sent events. Not Nest's `@Sse`: it takes no header from the handler, sends errors as events, and queues for slow clients. */
@DownloadsApi('downloads')
export class EventsController {
  constructor(private readonly events: EventsService) {}

  @Get(':id/events')
  @ApiWatchDownload()
  watch(
    @CurrentCaller() caller: Caller,
    @DownloadId() id: string,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.events.stream(caller, id, request, reply);
  }
}

function ApiWatchDownload(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'watchDownload',
      summary: 'Watch a download',
      description:
        'Server-sent events, until the last one: `progress` with every change, `stalled` when nothing has changed for a while ' +
        '(STALL_AFTER_MS; PENDING_STALL_AFTER_MS while it is PENDING), since Alfresco has no failed state, and `progress` again if it goes on; at the end one of `done`, ' +
        '`cancelled`, `too-large`, or `gone` with a problem document when Alfresco has removed the download. Data of all others is a ' +
        '`Progress`. A stream that ends without one of these, as when the service is restarted, is to be opened again with `Last-Event-ID`.',
    }),
    ApiId(),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      schema: { type: 'string' },
      description: 'The `id` of the last event the caller has; it is not sent again.',
    }),
    ApiExtraModels(ProgressDto, DownloadEventDto),
    ApiOkResponse({
      description: 'The events; the schema is that of one of them.',
      headers: {
        'Cache-Control': textHeader('Not to be kept, nor changed.', 'no-store, no-transform'),
      },
      content: {
        'text/event-stream': {
          schema: { $ref: getSchemaPath(DownloadEventDto) },
          example: EVENT_EXAMPLE,
        },
      },
    }),
    ApiNoContentResponse({ description: 'The caller has the last event already.' }),
    ApiProblems(...ID_PROBLEMS),
  );
}
