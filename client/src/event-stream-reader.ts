import { ServiceUnreachable } from './downloads-problem.ts';
import { EventStreamParser, type ServerSentEvent } from './event-stream-parser.ts';
import type { ServiceConnection } from './service-connection.ts';
import type { WatchPace } from './watch-pace.ts';

/** Data that arrived together: events, or none but a sign of life. */
export interface StreamPiece {
  readonly events: readonly ServerSentEvent[];
  /** An incomplete line is not a sign of life. */
  readonly isWithinLine: boolean;
  /** The latest value that the server has sent. */
  readonly retryMs: number | undefined;
}

export interface StreamOptions {
  /** Empty for the first connection. */
  readonly lastEventId: string;
  readonly pace: WatchPace;
  readonly signal: AbortSignal;
}

/** The response is not an event stream, and so probably not the service's. */
export class NotAnEventStream extends Error {
  override readonly name = 'NotAnEventStream';
}

/**
 * Reads an event stream until the server ends it. The browser's `EventSource` would not do: it sends no `Authorization`,
 * does not say why it failed, and does not notice a dead connection.
 *
 * @throws NotAnEventStream, ServiceUnreachable if it is silent for too long, RangeError for endless events,
 * TypeError if it breaks off, and the errors of `ServiceConnection.open`
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
  throw new NotAnEventStream(`The response is ${type} with status ${status}`);
}

/** `fetch` takes a header as bytes; the standard defines the id to be UTF-8. */
function inUtf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
