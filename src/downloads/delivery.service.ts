import { Injectable, Logger } from '@nestjs/common';
import type { Download } from '../alfresco/download.js';
import type { Caller } from '../auth/caller.js';
import { abandon, disconnectSignal, type HttpReply, rawResponse } from '../http/http-reply.js';
import type { HttpRequest } from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';
import { ContentService } from './content/content.service.js';
import { CreationService } from './creation.service.js';
import { DownloadsService } from './downloads.service.js';
import { isSettled } from './progress/progress-event.js';
import { ProgressTracker } from './progress/progress-tracker.js';
import { RunningTasks } from './running-tasks.js';

/** From nodes to a ZIP in one request, for scripts and services. Nothing stays behind in Alfresco. */
@Injectable()
export class DeliveryService {
  private readonly logger = new Logger('Delivery');

  constructor(
    private readonly creation: CreationService,
    private readonly downloads: DownloadsService,
    private readonly tracker: ProgressTracker,
    private readonly content: ContentService,
    private readonly tasks: RunningTasks,
  ) {}

  /**
   * Makes a download, waits for it, responds with its ZIP, and removes it; also when the client disconnects, or it fails.
   * @throws ProblemException those of `CreationService.create`; CONTENT_NOT_READY when it ends without a ZIP,
   *   ALFRESCO_TIMEOUT when it is not begun with, or stalls, SHUTTING_DOWN
   */
  async deliver(
    caller: Caller,
    nodeIds: readonly string[],
    request: HttpRequest,
    reply: HttpReply,
  ): Promise<void> {
    // Before the first `await`: the client may disconnect at any moment.
    const disconnected = disconnectSignal(reply);
    await this.tasks.run(async () => {
      const { id } = await this.creation.create(caller, nodeIds);
      try {
        await this.untilFinished(caller, id, disconnected, reply);
        if (disconnected.aborted) abandon(reply);
        else await this.content.sendOnce({ caller, request, reply, disconnected }, id);
      } finally {
        // The response is complete, or none is wanted: the client does not wait for the removal.
        void this.tasks.add(this.remove(caller, id));
      }
    });
  }

  private async untilFinished(
    caller: Caller,
    id: string,
    disconnected: AbortSignal,
    reply: HttpReply,
  ): Promise<void> {
    // Nothing is sent for as long as Alfresco needs, and the server would close the idle connection.
    const { socket } = rawResponse(reply);
    const idleMs = socket?.timeout ?? 0;
    socket?.setTimeout(0);
    const event = await this.tracker.waitFor(caller, id, isSettled, { signal: disconnected });
    socket?.setTimeout(idleMs);
    if (event?.name === 'gone') throw event.problem;
    if (event?.name === 'stalled') throw stalled(event.download);
    // The tracker ends its waits first when the service is stopped.
    if (!event && !disconnected.aborted) throw new ProblemException('SHUTTING_DOWN');
  }

  private async remove(caller: Caller, id: string): Promise<void> {
    try {
      await this.downloads.purge(caller, id);
    } catch (error) {
      const code = error instanceof ProblemException ? error.code : 'unexpected error';
      this.logger.warn(`download ${id} was delivered and could not be removed: ${code}`);
    }
  }
}

function stalled({ status }: Download): ProblemException {
  const isPending = status === 'PENDING';
  return new ProblemException('ALFRESCO_TIMEOUT', {
    detail: isPending
      ? 'Alfresco has not started the ZIP: its queue is too long, or the job was lost.'
      : 'Alfresco has stopped working on the ZIP, and says nothing about it.',
    diagnosis: isPending ? 'not begun' : 'stalled',
  });
}
