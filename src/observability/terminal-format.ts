import type { DestinationStream } from 'pino';

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
