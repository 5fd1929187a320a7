import { Injectable, Logger } from '@nestjs/common';
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

/** The whole way from nodes to a ZIP in one request, for scripts and services. Nothing stays behind in Alfresco. */
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
   * Makes a download, waits for it, answers with its ZIP, and removes it; also when the caller leaves, or it fails.
   * @throws ProblemException those of `CreationService.create`; CONTENT_NOT_READY when it ends without a ZIP,
   *   ALFRESCO_TIMEOUT when it is not begun with, or stalls, SHUTTING_DOWN
   */
  async deliver(
    caller: Caller,
    nodeIds: readonly string[],
    request: HttpRequest,
    reply: HttpReply,
  ): Promise<void> {
    // First of all: he may leave at any moment.
    const gone = disconnectSignal(reply);
    await this.tasks.run(async () => {
      const { id } = await this.creation.create(caller, nodeIds);
      try {
        await this.untilFinished(caller, id, gone, reply);
        if (gone.aborted) abandon(reply);
        else await this.content.deliver(caller, id, request, reply, gone);
      } finally {
        // The caller has his answer, or none is wanted; it is not for him to wait.
        void this.tasks.add(this.remove(caller, id));
      }
    });
  }

  private async untilFinished(
    caller: Caller,
    id: string,
    gone: AbortSignal,
    reply: HttpReply,
  ): Promise<void> {
    // Nothing is sent for as long as Alfresco needs, which the server takes for a caller who is not there any more.
    const { socket } = rawResponse(reply);
    const idleMs = socket?.timeout ?? 0;
    socket?.setTimeout(0);
    const event = await this.tracker.waitFor(caller, id, isSettled, { signal: gone });
    socket?.setTimeout(idleMs);
    if (event?.name === 'gone') throw event.problem;
    if (event?.name === 'stalled') {
      const isPending = event.download.status === 'PENDING';
      throw new ProblemException('ALFRESCO_TIMEOUT', {
        detail: isPending
          ? 'Alfresco has not begun with the ZIP: its queue is too long, or the job was lost.'
          : 'Alfresco has stopped working on the ZIP, and says nothing about it.',
        diagnosis: isPending ? 'not begun' : 'stalled',
      });
    }
    if (!event && !gone.aborted) throw new ProblemException('SHUTTING_DOWN');
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
