import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import { ALFRESCO_CONFIG } from '../alfresco/alfresco-api.js';
import { type Download, isTerminal } from '../alfresco/download.js';
import type { Caller } from '../auth/caller.js';
import type { AlfrescoConfig } from '../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ProblemException, isProblem } from '../problems/problem.exception.js';
import { OwnershipService } from './ownership.service.js';
import { isSettled } from './progress/progress-event.js';
import { ProgressTracker } from './progress/progress-tracker.js';
import { RunningTasks } from './running-tasks.js';

/**
 * Removes downloads from Alfresco. A job whose node is removed while it runs ends with a stack trace in Alfresco's log.
 * Therefore one that still runs is cancelled first, and its node removed once the job has noticed.
 */
@Injectable()
export class RemovalService {
  private readonly logger = new Logger('Removal');

  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly tracker: ProgressTracker,
    private readonly ownership: OwnershipService,
    private readonly tasks: RunningTasks,
    @Inject(ALFRESCO_CONFIG) private readonly config: Pick<AlfrescoConfig, 'timeoutMs'>,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'polling'>,
  ) {}

  /**
   * When it resolves, the download exists for nobody. If the job takes longer than ALFRESCO_TIMEOUT_MS to notice the
   * cancellation, its node is removed in the background.
   * @param download as it was last read; it may have ended since
   * @throws ProblemException DOWNLOAD_NOT_FOUND when something else has removed it
   */
  async remove(caller: Caller, { id, status }: Download): Promise<void> {
    if (!isTerminal(status)) {
      await this.cancel(caller, id);
      const ms = this.config.timeoutMs;
      const event = await this.tracker.waitFor(caller, id, isSettled, { ms });
      if (event?.name === 'gone') throw event.problem;
      if (!event) {
        await this.forget(id);
        void this.tasks.add(this.removeLater(caller, id));
        return;
      }
    }
    await this.tracker.forgetIfNotFound(id, this.alfresco.deleteNode(id, caller));
    await this.forget(id);
  }

  /** Asks for cancellation. */
  async cancel(caller: Caller, id: string): Promise<void> {
    await this.tracker.forgetIfNotFound(id, this.alfresco.cancelDownload(id, caller));
    this.tracker.expectChange(id);
  }

  /** Removes, in the background, one that was made a moment ago and is recorded for nobody. */
  discard(caller: Caller, id: string): void {
    // A job that is not cancelled ends as well, only later.
    const cancelled = this.alfresco.cancelDownload(id, caller).catch(() => {});
    void this.tasks.add(this.removeLater(caller, id, cancelled));
  }

  private async forget(id: string): Promise<void> {
    await this.ownership.forget(id);
    this.tracker.end(id);
  }

  private async removeLater(caller: Caller, id: string, cancelled?: Promise<void>): Promise<void> {
    try {
      await cancelled;
      const event = await this.tracker.waitFor(caller, id, isSettled, {});
      if (event?.name === 'gone') throw event.problem;
      // Without an event, the service is being stopped: the tracker ends its waits first.
      if (event || (await this.endsInTime(caller, id))) {
        await this.alfresco.deleteNode(id, caller);
      } else {
        this.logger.warn(`download ${id} is cancelled, and left to the clean-up of Alfresco`);
      }
    } catch (error) {
      if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) return;
      const code = error instanceof ProblemException ? error.code : 'unexpected error';
      this.logger.warn(`download ${id} could not be removed: ${code}`);
    }
  }

  /** Whether a cancelled download ends within ALFRESCO_TIMEOUT_MS. */
  private async endsInTime(caller: Caller, id: string): Promise<boolean> {
    const { fastestMs, slowestMs } = this.pacing.polling;
    const end = performance.now() + this.config.timeoutMs;
    for (let pauseMs = fastestMs; ; pauseMs = Math.min(2 * pauseMs, slowestMs)) {
      const { status } = await this.alfresco.getDownload(id, caller);
      if (isTerminal(status)) return true;
      if (performance.now() + pauseMs > end) return false;
      await sleep(pauseMs);
    }
  }
}
