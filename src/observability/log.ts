import type { LoggerService } from '@nestjs/common';
import { NativeLogger, type PinoLogger } from 'nestjs-pino';
import { type DestinationStream, type Level, pino } from 'pino';
import type { LogLevel } from '../config/app-config.js';
import { standardOutput } from './log-output.js';
import { currentRequest } from './request-context.js';

/** The two logs of the service, in one output. */
export interface Log {
  /** For Nest's `Logger`: everything but the requests themselves. */
  readonly events: LoggerService;
  /** One line for each request, of known fields only. */
  readonly requests: RequestLog;
}

/** Injection token of the `Log`. */
export const LOG = Symbol('LOG');

/**
 * One line of JSON for each event; on a terminal, text.
 *
 * @param worker named in each line, where several processes write to the same output
 *
 * Of nestjs-pino only the adapter between Nest's `Logger` and pino is used. Its module has one logger for the whole
 * process, where two applications would share level and destination. Its middleware (pino-http) does not run for what
 * the router refuses, knows neither route nor Alfresco, and makes a logger for each request.
 */
export function createLog(level: LogLevel, stream?: DestinationStream, worker?: number): Log {
  const output = stream ?? standardOutput(worker !== undefined);
  const minimum = level === 'log' ? 'info' : level;
  const events = pino(
    {
      level: minimum,
      base: worker === undefined ? null : { worker },
      timestamp: () => `,"time":"${timestamp()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRET_PATHS,
      hooks: { streamWrite: withoutSecrets },
      mixin: () => ({ requestId: currentRequest()?.id }),
    },
    output,
  );
  return {
    // It only calls the methods that are named like levels, which pino has, too.
    events: new EventLog(events as unknown as PinoLogger, {}),
    requests: new RequestLog(minimum, output, worker),
  };
}

/** Members of a JSON object, as it is written between its braces. */
export function membersOf(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields).slice(1, -1);
}

/**
 * Lines about requests, which look like those of pino. Not by pino, which is made for fields that nobody knows beforehand: its
 * line took three times as long as `JSON.stringify` does, a twentieth of a status read.
 */
export class RequestLog {
  private readonly minimum: number;
  private readonly worker: string;

  /** @param level lines below it are left out */
  constructor(
    level: Level | 'silent',
    private readonly output: DestinationStream,
    worker?: number,
  ) {
    this.minimum = pino.levels.values[level] ?? Infinity;
    this.worker = worker === undefined ? '' : `"worker":${worker},`;
  }

  isLevelEnabled(level: Level): boolean {
    return pino.levels.values[level]! >= this.minimum;
  }

  /** @param members of the line, at least one, as `membersOf` gives them */
  write(level: Level, members: string, msg: string): void {
    const start = `{"level":"${level}","time":"${timestamp()}",${this.worker}${members}`;
    this.output.write(`${start},"msg":${JSON.stringify(msg)}}\n`);
  }
}

/** Of Nest itself, while it starts: a line for each module and route, of no use to an operator. */
const START_CONTEXTS: ReadonlySet<unknown> = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

class EventLog extends NativeLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (START_CONTEXTS.has(rest.at(-1))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}

let second = NaN;
let untilSecond = '';

/** As pino's own `isoTime`, whose `Date` for each line took 1 % of a status read. */
function timestamp(): string {
  const now = Date.now();
  if (Math.floor(now / 1000) !== second) {
    second = Math.floor(now / 1000);
    untilSecond = new Date(now).toISOString().slice(0, -'000Z'.length);
  }
  return `${untilSecond}${String(now % 1000).padStart(3, '0')}Z`;
}

const SECRET_NAMES = [
  'access_token',
  'authorization',
  'contentUrl',
  'cookie',
  'idempotency-key',
  'link',
  'password',
  'proxy-authorization',
  'secret',
  'set-cookie',
  'ticket',
  'token',
];

/** Paths for pino's `redact`, three levels deep, should an object with such a property ever be logged. */
const SECRET_PATHS = SECRET_NAMES.flatMap((name) =>
  ['', '*', '*.*'].map((parents) => `${parents}["${name}"]`),
);

/** Secrets within a text: the message of an error quotes what could not be parsed. */
const SECRETS = [
  /TICKET_\w+/,
  /(?<=\b(?:Basic|Bearer) )(?=[\w.~+/-]*[\dA-Z=])[\w.~+/=-]{8,}/,
  /(?<=\blink=)[\w.~%-]+/,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/,
  /\$2[aby]\$\d\d\$[./\w]{53}/,
];
const SECRET = new RegExp(SECRETS.map(({ source }) => source).join('|'), 'g');

/** Redacts everything that looks like a ticket, credentials, a token, a signed link or the hash of a password. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '[redacted]');
}
