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
