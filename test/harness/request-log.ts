import { until } from './polling.js';

/** A line of the service's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly context?: string;
  readonly requestId?: string;
  readonly [name: string]: unknown;
}

/** Collects the log of one service: `startBff(url, variables, { onLine: log.add })`. */
export class RequestLog {
  readonly lines: LogLine[] = [];

  readonly add = (line: string): void => {
    this.lines.push(JSON.parse(line) as LogLine);
  };

  /** The lines with this request id, once there is one: a request is logged only after its response. */
  async of(requestId: string): Promise<LogLine[]> {
    const find = () =>
      this.lines.filter((line) => line.requestId === requestId && 'status' in line);
    return until(find, (lines) => lines.length > 0);
  }

  /** The one line of a request. */
  async line(requestId: string): Promise<LogLine> {
    const lines = await this.of(requestId);
    if (lines.length !== 1) throw new Error(`${lines.length} lines of ${requestId}`);
    return lines[0]!;
  }
}
