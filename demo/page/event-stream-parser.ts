/** One event of an event stream. */
export interface ServerSentEvent {
  /** The `event:` field; `message` without one. */
  readonly type: string;
  readonly data: string;
  /** The newest `id:` so far; empty when there was none. */
  readonly lastEventId: string;
}

/** No server of good will sends a longer line or event; memory is not for the others to fill. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Parses `text/event-stream` as it arrives, in pieces cut anywhere, also within a character or a line end
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * What has not ended with an empty line by the end of the stream is no event.
 */
export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  /** The beginning of a line whose end has not come yet. */
  #line = '';
  /** A line feed that comes next belongs to the line end before. */
  #endedWithReturn = false;
  #type = '';
  #data = '';
  #id: string;
  #retryMs: number | undefined;

  /** @param lastEventId of the connection before, if there was one */
  constructor(lastEventId = '') {
    this.#id = lastEventId;
  }

  /** Milliseconds that the server wants a client to wait before it connects again. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Whether the end of a line has not come yet. */
  get isWithinLine(): boolean {
    return this.#line !== '';
  }

  /**
   * The events that end in this piece.
   * @throws RangeError when a line or an event is longer than any that is meant well
   */
  push(piece: Uint8Array): ServerSentEvent[] {
    let text = this.#decoder.decode(piece, { stream: true });
    if (text === '') return [];
    if (this.#endedWithReturn && text.startsWith('\n')) text = text.slice(1);
    this.#endedWithReturn = text.endsWith('\r');
    const [first = '', ...rest] = text.split(/\r\n|\n|\r/);
    const lines = [this.#line + first, ...rest];
    this.#line = lines.pop()!;
    const events = lines.flatMap((line) => this.#take(line) ?? []);
    this.#requireLength(this.#line.length);
    return events;
  }

  /** Takes a line, and returns the event that ends with it, if one does. */
  #take(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    // A line that starts with a colon is a comment.
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    this.#setField(name, value);
    return undefined;
  }

  #setField(name: string, value: string): void {
    switch (name) {
      case 'event':
        this.#type = value;
        break;
      case 'data':
        this.#requireLength(value.length);
        this.#data += `${value}\n`;
        break;
      case 'id':
        if (!value.includes('\0')) this.#id = value;
        break;
      case 'retry':
        if (/^[0-9]+$/.test(value)) this.#retryMs = Number(value);
        break;
      // Every other field is ignored.
    }
  }

  #dispatch(): ServerSentEvent | undefined {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = '';
    if (data === '') return undefined;
    return { type: type || 'message', data: data.slice(0, -1), lastEventId: this.#id };
  }

  #requireLength(more: number): void {
    if (this.#data.length + more > MAX_LENGTH) throw new RangeError('The event is too long');
  }
}
