import { sleep } from './abortable-sleep.ts';
import {
  type Download,
  type DownloadEvent,
  type ProgressEvent,
  eventTypeOf,
  isLast,
  isRunning,
  readDownload,
  readEvent,
} from './download-event.ts';
import { DownloadsProblem, ServiceUnreachable, retryAfterMs } from './downloads-problem.ts';
import { NotAnEventStream, type StreamPiece, readEventStream } from './event-stream-reader.ts';
import type { HeldConnections } from './held-connections.ts';
import { ProgressMeter } from './progress-meter.ts';
import type { ServiceResponse, ServiceConnection } from './service-connection.ts';
import type { WatchPace } from './watch-pace.ts';

/** Yields events, and returns the milliseconds until the next round, or `undefined` after the last event. */
type Round = AsyncGenerator<DownloadEvent, number | undefined, undefined>;

/** After this many streams without an event, although polling succeeds, no further stream is opened. */
const MAX_SILENT_STREAMS = 2;
/** Milliseconds for the response to arrive, beyond the time that the service may wait for a change. */
const RESPONSE_MARGIN_MS = 10_000;

/**
 * Watches one download in rounds: each reads an event stream to its end, or polls once.
 *
 * It polls if no further connection may be kept open; if the previous stream had no event, to find out whether the
 * service is unreachable or something only blocks its events; and permanently if something does.
 */
export class DownloadWatcher {
  readonly #connection: ServiceConnection;
  readonly #path: string;
  readonly #held: HeldConnections;
  readonly #pace: WatchPace;
  readonly #signal: AbortSignal;
  readonly #meter = new ProgressMeter();
  #last: ProgressEvent | undefined;
  #lastEventId = '';
  #etag: string | null = null;
  #retryMs: number;
  #silentStreams = 0;
  /** Failures in a row that were reported. */
  #failures = 0;
  #mustPoll = false;

  /** @param path of the download */
  constructor(
    connection: ServiceConnection,
    path: string,
    held: HeldConnections,
    pace: WatchPace,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#path = path;
    this.#held = held;
    this.#pace = pace;
    this.#retryMs = pace.retryMs;
    this.#signal = signal;
  }

  /** @throws DownloadsProblem if retrying cannot help */
  async *events(): AsyncGenerator<DownloadEvent, void, undefined> {
    while (!this.#signal.aborted) {
      const release = this.#held.acquire();
      let pause: number | undefined;
      try {
        const mayStream = release && !this.#mustPoll && this.#silentStreams < MAX_SILENT_STREAMS;
        pause = yield* mayStream ? this.#stream() : this.#poll(release !== undefined);
      } catch (error) {
        if (this.#signal.aborted) return;
        throw error;
      } finally {
        release?.();
      }
      if (pause === undefined) return;
      await sleep(pause, this.#signal);
    }
  }

  async *#stream(): Round {
    const startedAt = performance.now();
    let hasSpoken = false;
    let failure: unknown;
    try {
      const stream = readEventStream(this.#connection, `${this.#path}/events`, {
        lastEventId: this.#lastEventId,
        pace: this.#pace,
        signal: this.#signal,
      });
      for await (const piece of stream) {
        for (const event of this.#eventsIn(piece)) {
          yield event;
          if (isLast(event)) return undefined;
          hasSpoken = true;
        }
        // It has been open for long enough to be trusted, although nothing has changed.
        hasSpoken ||= !piece.isWithinLine && performance.now() - startedAt > this.#pace.firstByteMs;
      }
      failure = new ServiceUnreachable('The event stream has ended');
    } catch (error) {
      failure = error;
    }
    if (hasSpoken) {
      this.#silentStreams = 0;
      return yield* this.#retryLater(failure);
    }
    this.#mustPoll = true;
    this.#silentStreams += isPermanent(failure) ? MAX_SILENT_STREAMS : 1;
    return isFromService(failure) ? yield* this.#retryLater(failure) : 0;
  }

  /** The events in a piece of the stream. After a failure, any piece shows that the service is back. */
  *#eventsIn({ events, retryMs }: StreamPiece): Generator<DownloadEvent, void, undefined> {
    const { pollMs, longestRetryMs } = this.#pace;
    if (retryMs !== undefined) this.#retryMs = Math.min(Math.max(retryMs, pollMs), longestRetryMs);
    for (const { type, data, lastEventId } of events) {
      const event = readEvent(type, data);
      this.#lastEventId = lastEventId;
      if (!event) continue;
      if ('entry' in event) this.#meter.update(event.entry, Date.now());
      yield this.#record(event);
    }
    // The service does not repeat the state in Last-Event-ID.
    if (this.#failures > 0 && this.#last) yield this.#record(this.#last);
  }

  async *#poll(mayWait: boolean): Round {
    const { pollMs, sharedPollMs } = this.#pace;
    let response: ServiceResponse;
    let download: Download;
    try {
      response = await this.#request(mayWait && !this.#mustPoll);
      download =
        response.status === 304 && this.#last ? this.#last.entry : readDownload(response.body);
    } catch (error) {
      if (error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND') {
        yield this.#record({ type: 'gone', problem: error.problem });
        return undefined;
      }
      // The service itself is unreachable, so that its streams are not to blame.
      if (error instanceof ServiceUnreachable) this.#silentStreams = 0;
      else if (!isTemporary(error)) throw error;
      this.#mustPoll = true;
      return yield* this.#retryLater(error);
    }
    this.#mustPoll = false;
    this.#etag = response.headers.get('etag') ?? this.#etag;
    const event = this.#eventOf(download);
    if (event) yield this.#record(event);
    if (!isRunning(download)) return undefined;
    return Math.max(retryAfterMs(response.headers) ?? 0, mayWait ? pollMs : sharedPollMs);
  }

  /** Requests the status; if it may wait, the service waits for one that differs from the last. */
  #request(mayWait: boolean): Promise<ServiceResponse> {
    const { waitSeconds } = this.#pace;
    if (!mayWait || !this.#etag || !this.#last) {
      return this.#connection.request(this.#path, { signal: this.#signal });
    }
    const untilStalled =
      this.#stallAfterMs(this.#last.entry) - (Date.now() - this.#meter.changedAt);
    const seconds =
      this.#last.type === 'stalled'
        ? waitSeconds
        : Math.max(1, Math.min(waitSeconds, Math.ceil(untilStalled / 1000)));
    return this.#connection.request(this.#path, {
      headers: { Prefer: `wait=${seconds}`, 'If-None-Match': this.#etag },
      signal: this.#signal,
      timeoutMs: seconds * 1000 + RESPONSE_MARGIN_MS,
    });
  }

  /** The event for a status, if it is news. */
  #eventOf(download: Download): ProgressEvent | undefined {
    const now = Date.now();
    const isChanged = this.#meter.update(download, now);
    const { changedAt } = this.#meter;
    const isStalled = isRunning(download) && now - changedAt >= this.#stallAfterMs(download);
    const isNews = isChanged || this.#failures > 0 || (isStalled && this.#last?.type !== 'stalled');
    if (!isNews) return undefined;
    const progress = this.#meter.progressOf(download);
    return isStalled
      ? { type: 'stalled', ...progress, unchangedSince: new Date(changedAt).toISOString() }
      : { type: eventTypeOf(download), ...progress };
  }

  #stallAfterMs({ status }: Download): number {
    const { stallAfterMs, pendingStallAfterMs } = this.#pace;
    return status === 'PENDING' ? pendingStallAfterMs : stallAfterMs;
  }

  #record<E extends DownloadEvent>(event: E): E {
    this.#failures = 0;
    if ('entry' in event) this.#last = event;
    return event;
  }

  async *#retryLater(failure: unknown): Round {
    if (this.#signal.aborted) return undefined;
    this.#failures += 1;
    const { longestRetryMs } = this.#pace;
    const backoff = Math.min(this.#retryMs * 2 ** (this.#failures - 1), longestRetryMs);
    // Jitter, so that clients that lost the service together do not all return together.
    const spread = Math.round(backoff * (0.75 + Math.random() / 2));
    const asked = failure instanceof DownloadsProblem ? failure.retryAfterMs : undefined;
    const retryInMs = Math.max(spread, asked ?? 0);
    const reason = failure instanceof Error ? failure : new Error(String(failure));
    yield { type: 'reconnecting', attempt: this.#failures, retryInMs, reason };
    return retryInMs;
  }
}

function isTemporary(failure: unknown): boolean {
  return failure instanceof DownloadsProblem && failure.isTemporary;
}

/** The service itself, not a proxy, has responded that it is temporarily unable to. */
function isFromService(failure: unknown): boolean {
  return (
    failure instanceof DownloadsProblem && failure.isTemporary && failure.problem.code !== undefined
  );
}

/** The response rules out an event stream, so that trying again is pointless. */
function isPermanent(failure: unknown): boolean {
  return (
    failure instanceof NotAnEventStream ||
    (failure instanceof DownloadsProblem && !failure.isTemporary)
  );
}
