import type { ServerResponse } from 'node:http';
import { PACING } from '../../config/pacing.js';
import { toProblemDocument } from '../../problems/problem-document.js';
import { type ProgressEvent, eventFrame, isLast } from './progress-event.js';
import type { ProgressWatcher } from './tracked-download.js';

export interface EventStreamOptions {
  /** The `Last-Event-ID`: the state that the client knows already. */
  readonly lastEventId?: string;
  /** Of the request, for the problem document of `gone`, as `requestId`. */
  readonly url: string;
  readonly requestId: string;
  /** Path of the pages about problems. */
  readonly pages: string;
}

/**
 * One response of server-sent events. For a client that reads slowly nothing is queued: it gets the newest event when
 * the one before has been sent, since each holds the whole state.
 */
export class EventStream implements ProgressWatcher {
  private isWriting = false;
  private waiting?: ProgressEvent;

  /** @param reconnectMs see `Pacing` */
  constructor(
    private readonly response: ServerResponse,
    private readonly options: EventStreamOptions,
    reconnectMs = PACING.events.reconnectMs,
  ) {
    this.write(`retry: ${reconnectMs}\n\n`);
  }

  next(event: ProgressEvent): void {
    if (this.isWriting) {
      this.waiting = event;
      return;
    }
    if (!this.isKnown(event)) this.write(this.frameOf(event));
    if (isLast(event)) this.response.end();
  }

  stop(): void {
    this.response.end();
  }

  /** Calls back when either side has ended it. */
  onceClosed(callback: () => void): void {
    this.response.on('close', callback);
  }

  /** Keeps proxies from taking the connection for dead: a comment, which clients ignore. */
  beat(): void {
    if (!this.isWriting) this.write(':\n\n');
  }

  /** A process that does not know a stalled download for long enough yet describes it as moving, under the id without `.stalled`. */
  private isKnown(event: ProgressEvent): boolean {
    const { lastEventId } = this.options;
    if (event.name === 'gone' || lastEventId === undefined) return false;
    return event.id === lastEventId || `${event.id}.stalled` === lastEventId;
  }

  private frameOf(event: ProgressEvent): string {
    if (event.name !== 'gone') return event.frame;
    const { url, requestId, pages } = this.options;
    const document = toProblemDocument(event.problem, { url, id: requestId }, pages);
    return eventFrame('gone', 'gone', document);
  }

  private write(frame: string): void {
    this.isWriting = true;
    // A closure for each frame: one that is kept would be there for as long as the stream.
    this.response.write(frame, (error) => this.written(error));
  }

  /** Called when the operating system has taken it, or with an error when the client has disconnected. */
  private written(error?: Error | null): void {
    this.isWriting = false;
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting && !error) this.next(waiting);
  }
}
