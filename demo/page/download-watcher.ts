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
import type { Answer, ServiceConnection } from './service-connection.ts';
import type { WatchPace } from './watch-pace.ts';

/** Yields events, and returns milliseconds to wait before the next round, or `undefined` when the last event was told. */
type Round = AsyncGenerator<DownloadEvent, number | undefined, undefined>;

/** So many streams that told nothing, while a plain question was answered, and there will be no other. */
const FRUITLESS_STREAMS = 2;
/** Milliseconds for the response to a question to arrive, beyond what it was allowed to wait. */
const ANSWER_MS = 10_000;

/**
 * Watches one download, in rounds: a round listens to an event stream until that ends, or asks once.
 *
 * It asks instead of listening when no connection is left to hold; when the stream before told nothing, so as to
 * learn whether the service is away or only its events do not get through; and for good when they do not.
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
  #fruitlessStreams = 0;
  /** Failures in a row that were told. */
  #failures = 0;
  #mustAsk = false;

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

  /** @throws DownloadsProblem when no patience helps */
  async *events(): AsyncGenerator<DownloadEvent, void, undefined> {
    while (!this.#signal.aborted) {
      const giveBack = this.#held.take();
      let pause: number | undefined;
      try {
        const mayListen = giveBack && !this.#mustAsk && this.#fruitlessStreams < FRUITLESS_STREAMS;
        pause = yield* mayListen ? this.#listen() : this.#ask(giveBack !== undefined);
      } catch (error) {
        if (this.#signal.aborted) return;
        throw error;
      } finally {
        giveBack?.();
      }
      if (pause === undefined) return;
      await sleep(pause, this.#signal);
    }
  }

  async *#listen(): Round {
    const startedAt = performance.now();
    let isFruitful = false;
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
          isFruitful = true;
        }
        // It has been open for long enough to trust it, though nothing has happened.
        isFruitful ||=
          !piece.isWithinLine && performance.now() - startedAt > this.#pace.firstByteMs;
      }
      failure = new ServiceUnreachable('The event stream has ended');
    } catch (error) {
      failure = error;
    }
    if (isFruitful) {
      this.#fruitlessStreams = 0;
      return yield* this.#retryLater(failure);
    }
    this.#mustAsk = true;
    this.#fruitlessStreams += isRefusal(failure) ? FRUITLESS_STREAMS : 1;
    return isOwnWord(failure) ? yield* this.#retryLater(failure) : 0;
  }

  /** The events in a piece of the stream; after a break, the piece itself says that the service is back. */
  *#eventsIn({ events, retryMs }: StreamPiece): Generator<DownloadEvent, void, undefined> {
    const { pollMs, longestRetryMs } = this.#pace;
    if (retryMs !== undefined) this.#retryMs = Math.min(Math.max(retryMs, pollMs), longestRetryMs);
    for (const { type, data, lastEventId } of events) {
      const event = readEvent(type, data);
      this.#lastEventId = lastEventId;
      if (!event) continue;
      if ('entry' in event) this.#meter.see(event.entry, Date.now());
      yield this.#told(event);
    }
    // The service does not repeat what is in Last-Event-ID.
    if (this.#failures > 0 && this.#last) yield this.#told(this.#last);
  }

  async *#ask(mayWait: boolean): Round {
    const { pollMs, sharedPollMs } = this.#pace;
    let response: Answer;
    let download: Download;
    try {
      response = await this.#inquire(mayWait && !this.#mustAsk);
      download = response.status === 304 && this.#last ? this.#last.entry : readDownload(response.body);
    } catch (error) {
      if (error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND') {
        yield this.#told({ type: 'gone', problem: error.problem });
        return undefined;
      }
      // It is the service that does not respond, which is nothing to hold against its streams.
      if (error instanceof ServiceUnreachable) this.#fruitlessStreams = 0;
      else if (!isTemporary(error)) throw error;
      this.#mustAsk = true;
      return yield* this.#retryLater(error);
    }
    this.#mustAsk = false;
    this.#etag = response.headers.get('etag') ?? this.#etag;
    const event = this.#eventOf(download);
    if (event) yield this.#told(event);
    if (!isRunning(download)) return undefined;
    return Math.max(retryAfterMs(response.headers) ?? 0, mayWait ? pollMs : sharedPollMs);
  }

  /** Asks how far the download is; if it may wait, for a response that differs from the one before. */
  #inquire(mayWait: boolean): Promise<Answer> {
    const { waitSeconds } = this.#pace;
    if (!mayWait || !this.#etag || !this.#last) {
      return this.#connection.ask(this.#path, { signal: this.#signal });
    }
    const untilStalled =
      this.#stallAfterMs(this.#last.entry) - (Date.now() - this.#meter.changedAt);
    const seconds =
      this.#last.type === 'stalled'
        ? waitSeconds
        : Math.max(1, Math.min(waitSeconds, Math.ceil(untilStalled / 1000)));
    return this.#connection.ask(this.#path, {
      headers: { Prefer: `wait=${seconds}`, 'If-None-Match': this.#etag },
      signal: this.#signal,
      timeoutMs: seconds * 1000 + ANSWER_MS,
    });
  }

  /** What a response is news of, if of anything. */
  #eventOf(download: Download): ProgressEvent | undefined {
    const now = Date.now();
    const isChanged = this.#meter.see(download, now);
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

  #told<E extends DownloadEvent>(event: E): E {
    this.#failures = 0;
    if ('entry' in event) this.#last = event;
    return event;
  }

  async *#retryLater(failure: unknown): Round {
    if (this.#signal.aborted) return undefined;
    this.#failures += 1;
    const { longestRetryMs } = this.#pace;
    const backOff = Math.min(this.#retryMs * 2 ** (this.#failures - 1), longestRetryMs);
    // Spread, so that those who lost the service together do not all come back together.
    const spread = Math.round(backOff * (0.75 + Math.random() / 2));
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

/** The service itself, not a proxy, has said that it cannot response now. */
function isOwnWord(failure: unknown): boolean {
  return (
    failure instanceof DownloadsProblem && failure.isTemporary && failure.problem.code !== undefined
  );
}

/** Something said that there will be no event stream: asking again would bring nothing else. */
function isRefusal(failure: unknown): boolean {
  return (
    failure instanceof NotAnEventStream ||
    (failure instanceof DownloadsProblem && !failure.isTemporary)
  );
}
