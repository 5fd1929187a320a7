import type { LoggerService } from '@nestjs/common';
import { NativeLogger, type PinoLogger } from 'nestjs-pino';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import type { LogLevel } from '../config/app-config.js';
import { LogOutput } from './log-output.js';
import { SECRET_NAMES, withoutSecrets } from './redaction.js';
import { currentRequest } from './request-context.js';
import { TerminalFormat } from './terminal-format.js';

/** Where the service writes what it does. */
export interface Log {
  /** For `Logger` of Nest: everything but the requests themselves. */
  readonly events: LoggerService;
  /** One line for each request, of known fields only. */
  readonly requests: Logger;
}

/** Injection token of the `Log`. */
export const LOG = Symbol('LOG');

/**
 * JSON, a line for each event; on a terminal, text.
 *
 * @param worker named in each line, where several processes write to the same output
 *
 * Of nestjs-pino only what stands between Nest's `Logger` and pino is used. Its module has one logger for the whole
 * process, where two applications would share level and destination. Its middleware (pino-http) does not run for what
 * the router refuses, knows neither route nor Alfresco, and makes a logger for each request.
 */
export function createLog(level: LogLevel, stream?: DestinationStream, worker?: number): Log {
  const output = stream ?? standardOutput(worker !== undefined);
  const options: LoggerOptions = {
    level: level === 'log' ? 'info' : level,
    base: worker === undefined ? null : { worker },
    timestamp,
    formatters: { level: (label) => ({ level: label }) },
  };
  const events = pino(
    {
      ...options,
      redact: SECRET_NAMES,
      hooks: { streamWrite: withoutSecrets },
      mixin: () => ({ requestId: currentRequest()?.id }),
    },
    output,
  );
  return {
    // It calls nothing but the methods that are named like levels, and those pino has itself.
    events: new NativeLogger(events as unknown as PinoLogger, {}),
    requests: pino(options, output),
  };
}

let second = NaN;
let untilSecond = '';

/** As pino's own `isoTime`, whose Date for each line was 1 % of the profile of a status read. */
function timestamp(): string {
  const now = Date.now();
  if (Math.floor(now / 1000) !== second) {
    second = Math.floor(now / 1000);
    untilSecond = `,"time":"${new Date(now).toISOString().slice(0, -'000Z'.length)}`;
  }
  return `${untilSecond}${String(now % 1000).padStart(3, '0')}Z"`;
}

/** What a pipe takes as a whole on Linux; more at once may end up in the middle of another process's line. */
const PIPE_BUF = 4096;

function standardOutput(isShared: boolean): DestinationStream {
  return process.stdout.isTTY
    ? new TerminalFormat(process.stdout)
    : new LogOutput(process.stdout, isShared ? PIPE_BUF : undefined);
}
