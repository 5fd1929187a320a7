import { ReplyError } from 'ioredis';
import { ProblemException } from '../problems/problem.exception.js';

/** Whether Redis answered, and refused: then it has done nothing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof (ReplyError as typeof Error);
}

/**
 * A short name for the log, e.g. `OOM`, `READONLY`, `ECONNREFUSED`. The error itself is dropped: ioredis
 * attaches the command with its arguments to it, and messages name hosts.
 */
export function redisErrorName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (isRefusal(error)) return /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR';
  if (/^(?:Command timed out|Socket timeout)/.test(error.message)) return 'TIMEOUT';
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'CONNECTION_LOST';
}

/** @param name as `redisErrorName` gives it */
export function redisProblem(name: string): ProblemException {
  return new ProblemException('STORE_UNAVAILABLE', { diagnosis: `REDIS_${name}` });
}
