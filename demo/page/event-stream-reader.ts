import { ServiceUnreachable } from './downloads-problem.ts';
import { EventStreamParser, type ServerSentEvent } from './event-stream-parser.ts';
import type { ServiceConnection } from './service-connection.ts';
import type { WatchPace } from './watch-pace.ts';

/** What arrived at once: events, or none yet but a sign of life. */
export interface StreamPiece {
  readonly events: readonly ServerSentEvent[];
  /** A line without an end is no sign of life. */
  readonly isWithinLine: boolean;
  /** What the server has said of it so far. */
  readonly retryMs: number | undefined;
}

export interface StreamOptions {
  /** Empty for a first connection. */
  readonly lastEventId: string;
  readonly pace: WatchPace;
  readonly signal: AbortSignal;
}

/** Something in between has answered: what came is no event stream. */
export class NotAnEventStream extends Error {
  override readonly name = 'NotAnEventStream';
}

/**
 * Reads an event stream until the server ends it. `EventSource` of the browser cannot: it sends no `Authorization`,
 * does not show why it failed, and does not notice a connection that has died.
 *
 * @throws NotAnEventStream, ServiceUnreachable when it is silent for too long, RangeError for events without end,
 * TypeError when it breaks off, and as `ServiceConnection.open`
 */
export async function* readEventStream(
  connection: ServiceConnection,
  path: string,
  { lastEventId, pace, signal }: StreamOptions,
): AsyncGenerator<StreamPiece, void, undefined> {
  const parser = new EventStreamParser(lastEventId);
  const ending = new AbortController();
  const giveUp = () => ending.abort(new ServiceUnreachable('The event stream has gone silent'));
  let watchdog = setTimeout(giveUp, pace.firstByteMs);
  try {
    const response = await connection.open(path, {
      headers: {
        Accept: 'text/event-stream',
        ...(lastEventId && { 'Last-Event-ID': inUtf8(lastEventId) }),
      },
      signal: AbortSignal.any([signal, ending.signal]),
    });
    const reader = bodyOf(response).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(watchdog);
      if (done) return;
      const events = parser.push(value);
      yield { events, isWithinLine: parser.isWithinLine, retryMs: parser.retryMs };
      watchdog = setTimeout(giveUp, pace.silenceMs);
    }
  } finally {
    clearTimeout(watchdog);
    ending.abort();
  }
}

function bodyOf({ status, headers, body }: Response): ReadableStream<Uint8Array> {
  const type = headers.get('content-type') ?? 'nothing';
  if (status === 200 && body && /^text\/event-stream\b/i.test(type)) return body;
  throw new NotAnEventStream(`The answer is ${type} with status ${status}`);
}

/** A header holds bytes only; its value is defined to be UTF-8. */
function inUtf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
