import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { isTerminal } from '../../alfresco/download.js';
import { type Caller, onceCredentialsEnd } from '../../auth/caller.js';
import { PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import {
  type HttpReply,
  abandon,
  beginResponse,
  rawResponse,
  setHeaders,
} from '../../http/http-reply.js';
import { type HttpRequest, publicPathOf, requestIdOf } from '../../http/http-request.js';
import { PROBLEM_PAGES } from '../../problems/problem-document.js';
import { OwnershipService } from '../ownership.service.js';
import { EventStream } from './event-stream.js';
import { stateTag } from './progress-event.js';
import { ProgressTracker } from './progress-tracker.js';

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would collect events before it passes them on.
  'x-accel-buffering': 'no',
};

/** Sends every change of a download as server-sent events. */
@Injectable()
export class EventsService implements OnApplicationShutdown {
  private readonly streams = new Set<EventStream>();
  private heartbeat?: NodeJS.Timeout;

  constructor(
    private readonly tracker: ProgressTracker,
    private readonly ownership: OwnershipService,
    @Inject(PROBLEM_PAGES) private readonly pages: string,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'events'>,
  ) {}

  /**
   * Responds with the events of a download, until the last one, until the client disconnects, or until the caller's
   * credentials end. A client that has had the last event gets 204: a browser's EventSource connects again after every
   * end, and 204 stops it.
   *
   * `Accept` is not checked: generated clients name the JSON types of the problems there, and nothing else.
   *
   * @throws ProblemException those of the download and of Alfresco
   */
  async stream(caller: Caller, id: string, request: HttpRequest, reply: HttpReply): Promise<void> {
    await this.ownership.assertOwner(caller, id);
    const download = await this.tracker.read(caller, id);
    const lastEventId = request.headers['last-event-id']?.toString();
    if (isTerminal(download.status) && lastEventId === stateTag(download)) {
      reply.status(204);
      return void reply.send();
    }
    setHeaders(reply, STREAM_HEADERS);
    if (request.method === 'HEAD') return void reply.send();
    if (rawResponse(reply).destroyed) return abandon(reply);
    const { originalUrl: url } = request;
    const pages = publicPathOf(request) + this.pages;
    const options = { lastEventId, url, requestId: requestIdOf(request), pages };
    const response = beginResponse(reply);
    // Written with the first event, Node would keep it in the pieces it was made of: 1.3 kB for each watcher.
    response.flushHeaders();
    const { reconnectMs } = this.pacing.events;
    this.open(caller, id, new EventStream(response, options, reconnectMs));
  }

  onApplicationShutdown(): void {
    clearInterval(this.heartbeat);
  }

  /** A method of its own, so that its closures do not hold the request and the reply for as long as the stream lasts. */
  private open(caller: Caller, id: string, stream: EventStream): void {
    const unwatch = this.tracker.watch(caller, id, stream);
    this.add(stream);
    const { heartbeatMs } = this.pacing.events;
    const credentials = onceCredentialsEnd(caller, heartbeatMs, () => stream.stop());
    stream.onceClosed(() => {
      credentials?.[Symbol.dispose]();
      unwatch();
      this.remove(stream);
    });
  }

  private add(stream: EventStream): void {
    this.streams.add(stream);
    this.heartbeat ??= setInterval(() => {
      for (const one of this.streams) one.beat();
    }, this.pacing.events.heartbeatMs);
  }

  private remove(stream: EventStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.heartbeat);
    this.heartbeat = undefined;
  }
}
