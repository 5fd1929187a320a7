import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/** Where the logs, metrics and traces of all services under test are kept, and the secrets that must not be in them. */
export interface Evidence {
  readonly directory: string;
  /** Base URL of the collector of their spans. */
  readonly collector: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly evidence: Evidence;
  }
}

/** Keeps a text for the search at the end of the run. */
export function keep(kind: 'files' | 'log' | 'metrics' | 'secrets', text: string): void {
  appendFileSync(join(inject('evidence').directory, `${kind}-${process.pid}`), text);
}

/** The environment of a service with full logging and tracing; `LOG_LEVEL` then only filters what a test sees. */
export function withFullOutput(variables: Record<string, string>): Record<string, string> {
  const isLevel = variables.LOG_LEVEL === undefined || LEVELS.includes(variables.LOG_LEVEL);
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: inject('evidence').collector,
    ...variables,
    ...(isLevel && { LOG_LEVEL: 'debug' }),
  };
}

const LEVELS = ['silent', 'fatal', 'error', 'warn', 'log', 'debug'];

/** Keeps a line of a service's log. @returns whether a service with this `LOG_LEVEL` would have written it */
export function keepLine(line: string, logLevel = 'log'): boolean {
  const level = /^\{"level":"(\w+)"/.exec(line)?.[1];
  keep('log', line);
  if (level === undefined) return true;
  return LEVELS.indexOf(level === 'info' ? 'log' : level) <= LEVELS.indexOf(logLevel);
}
