import type { DestinationStream } from 'pino';

/** Bytes that a pipe takes as a whole (pipe(7)); more at once may end up in the middle of another process's line. */
const PIPE_BUF = 4096;

/** Milliseconds for which a line waits for others. */
const FLUSH_AFTER_MS = 50;

/** @param isShared with other processes */
export function standardOutput(isShared: boolean): DestinationStream {
  return process.stdout.isTTY
    ? new TerminalFormat(process.stdout)
    : new LogOutput(process.stdout, isShared ? PIPE_BUF : undefined);
}

/**
 * Writes lines that come shortly after each other together: a system call for each would cost more than everything else about
 * it. A process that is killed loses what came in its last 50 ms; one that exits, or crashes by an error, loses nothing.
 *
 * Not pino's own `destination`: it flushes its buffer with an fsync, retries forever once the reader of a pipe has gone,
 * and throws when a disk is full.
 */
export class LogOutput implements DestinationStream {
  private text = '';

  /**
   * @param stream one that writes synchronously, as `process.stdout` does to files, pipes and terminals
   * @param atMost limit of bytes in one write, for all but a single line that is longer
   */
  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly atMost?: number,
  ) {
    // Without a listener, a log that cannot be written would end the process.
    stream.on('error', () => {});
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    if (this.atMost && Buffer.byteLength(this.text + line) > this.atMost) this.flush();
    if (this.text === '') setTimeout(() => this.flush(), FLUSH_AFTER_MS);
    this.text += line;
  }

  private flush(): void {
    if (this.text === '') return;
    this.stream.write(this.text);
    this.text = '';
  }
}

const COLOURS: Readonly<Record<string, number>> = { fatal: 31, error: 31, warn: 33, debug: 90 };

/** Turns lines of JSON into text for people: time, level, message, and the rest as `name=value`. */
export class TerminalFormat implements DestinationStream {
  constructor(private readonly terminal: { write(text: string): unknown }) {}

  write(line: string): void {
    const { level, time, msg, context, stack, ...rest } = JSON.parse(line) as Record<
      string,
      string
    >;
    const values = Object.entries(rest).map(([name, value]) => `${name}=${textOf(value)}`);
    const text = [time?.slice(11, 23), level?.toUpperCase().padEnd(5), context && `[${context}]`]
      .concat(msg, values)
      .filter(Boolean)
      .join(' ');
    const colour = COLOURS[level ?? ''];
    this.terminal.write(colour ? `\u001b[${colour}m${text}\u001b[0m\n` : `${text}\n`);
    if (stack) this.terminal.write(`${stack}\n`);
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
