import type { ServerResponse } from 'node:http';
import { PACING } from '../../config/pacing.js';
import { toProblemDocument } from '../../problems/problem-document.js';
import { type ProgressEvent, eventFrame, isLast } from './progress-event.js';
import type { ProgressWatcher } from './tracked-download.js';

/** What a stream needs to know of its request. */
export interface EventStreamOptions {
  /** The `Last-Event-ID`: what the client knows already. */
  readonly lastEventId?: string;
  /** Of the request; the problem document of `gone` names them as every other does. */
  readonly url: string;
  readonly requestId: string;
  /** Path of the pages about problems. */
  readonly pages: string;
}

/**
 * One answer of server-sent events. What a slow reader has not taken is not queued: he gets the newest event when the
 * one before is gone, since each holds all there is to know.
 */
export class EventStream implements ProgressWatcher {
  private isWriting = false;
  private waiting?: ProgressEvent;

  /** @param reconnectMs what the client is told, see `Pacing` */
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

  /** Calls back when it is over, whoever has ended it. */
  onceClosed(callback: () => void): void {
    this.response.once('close', callback);
  }

  /** Keeps proxies from taking the connection for dead; a comment, which clients ignore. */
  beat(): void {
    if (!this.isWriting) this.write(':\n\n');
  }

  /** A download that has stalled is described as moving by a process that has not known it for long enough. */
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
    this.response.write(frame, this.onWritten);
  }

  /** Called when the operating system has taken it, and with an error when the caller has left. */
  private readonly onWritten = (error?: Error | null): void => {
    this.isWriting = false;
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting && !error) this.next(waiting);
  };
}
