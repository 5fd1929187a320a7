import type { DestinationStream } from 'pino';

/**
 * Writes the lines of one turn of the event loop together: under load, a system call for each line would cost more than
 * all the rest of the line. Nothing is kept longer, so that a process that is killed loses only its last moment.
 *
 * Not pino's own `destination`: what it keeps back it writes with an fsync, and tries for ever when nobody reads it any
 * more; when a disk is full it throws.
 */
export class LogOutput implements DestinationStream {
  private text = '';

  /**
   * @param stream written to at once, as `process.stdout` is to files, pipes and terminals
   * @param atMost bytes that are written together, if there is such a limit and a single line is not longer
   */
  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly atMost?: number,
  ) {
    // A log that cannot be written is no reason for the service to end.
    stream.on('error', () => {});
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    if (this.atMost && Buffer.byteLength(this.text + line) > this.atMost) this.flush();
    if (this.text === '') setImmediate(() => this.flush());
    this.text += line;
  }

  private flush(): void {
    if (this.text === '') return;
    this.stream.write(this.text);
    this.text = '';
  }
}

const COLOURS: Readonly<Record<string, number>> = { fatal: 31, error: 31, warn: 33, debug: 90 };

/** Lines of JSON as text for people: time, level, message, and the rest as `name=value`. */
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
