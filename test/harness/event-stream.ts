import { basic, CALLERS } from './bff.js';

/** A server-sent event. */
export interface ReceivedEvent {
  readonly id: string;
  readonly name: string;
  readonly data: {
    readonly entry: { readonly id: string; readonly status: string; readonly bytesAdded: number };
    readonly percent: number;
    readonly bytesPerSecond?: number;
    readonly remainingSeconds?: number;
    readonly unchangedSince?: string;
    readonly code?: string;
    readonly status?: number;
    readonly instance?: string;
  };
}

/** An open event stream of one download, as alice by default. */
export class Events {
  readonly received: ReceivedEvent[] = [];
  /** When each was received, by the monotonic clock. */
  readonly times: number[] = [];
  /** Everything received, comments and fields included. */
  text = '';
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  private readonly abort: AbortController;

  private constructor(
    readonly response: Response,
    abort: AbortController,
  ) {
    this.abort = abort;
    this.ended = this.read();
    this.ended.catch(() => {});
  }

  static open(
    url: string,
    id: string,
    headers: Record<string, string> = {},
    caller: keyof typeof CALLERS = 'alice',
  ): Promise<Events> {
    return this.openWith(url, id, { authorization: basic(CALLERS[caller]), ...headers });
  }

  /** With these headers and no other credentials. */
  static async openWith(url: string, id: string, headers: Record<string, string>): Promise<Events> {
    const abort = new AbortController();
    const response = await fetch(`${url}/downloads/${id}/events`, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: abort.signal,
    });
    return new Events(response, abort);
  }

  get names(): string[] {
    return this.received.map(({ name }) => name);
  }

  get last(): ReceivedEvent | undefined {
    return this.received.at(-1);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    let rest = '';
    for await (const chunk of this.response.body!.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks.filter((one) => one.includes('data: '))) {
        this.received.push(parse(block));
        this.times.push(performance.now());
      }
    }
  }
}

function parse(block: string): ReceivedEvent {
  const fields = Object.fromEntries(
    block
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  ) as Record<'id' | 'event' | 'data', string>;
  return {
    id: fields.id,
    name: fields.event,
    data: JSON.parse(fields.data) as ReceivedEvent['data'],
  };
}
