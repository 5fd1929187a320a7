/** One event of an event stream. */
export interface ServerSentEvent {
  /** The `event:` field, or `message`. */
  readonly type: string;
  readonly data: string;
  /** The latest `id:` so far; empty if there was none. */
  readonly lastEventId: string;
}

/** The longest line or event that is accepted, so that a faulty server cannot exhaust memory. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Parses `text/event-stream` as it arrives, in pieces that may end anywhere, even within a character or a line break
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * An event that no empty line has ended by the end of the stream is discarded.
 */
export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  /** The start of a line whose end has not arrived. */
  #line = '';
  /** Whether a line feed that comes next belongs to the previous line break. */
  #endedWithReturn = false;
  #type = '';
  #data = '';
  #id: string;
  #retryMs: number | undefined;

  /** @param lastEventId that of the previous connection, if any */
  constructor(lastEventId = '') {
    this.#id = lastEventId;
  }

  /** Milliseconds to wait before reconnecting, if the server has sent them. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Whether the last line is incomplete. */
  get isWithinLine(): boolean {
    return this.#line !== '';
  }

  /**
   * The events that end in this piece.
   * @throws RangeError if a line or an event is too long
   */
  push(piece: Uint8Array): ServerSentEvent[] {
    let text = this.#decoder.decode(piece, { stream: true });
    if (text === '') return [];
    if (this.#endedWithReturn && text.startsWith('\n')) text = text.slice(1);
    this.#endedWithReturn = text.endsWith('\r');
    const [first = '', ...rest] = text.split(/\r\n|\n|\r/);
    const lines = [this.#line + first, ...rest];
    this.#line = lines.pop()!;
    const events = lines.flatMap((line) => this.#processLine(line) ?? []);
    this.#requireLength(this.#line.length);
    return events;
  }

  /** Processes a line, and returns the event that it ends, if any. */
  #processLine(line: string): ServerSentEvent | undefined {
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
