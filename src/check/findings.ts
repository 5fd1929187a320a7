import { ProblemException } from '../problems/problem.exception.js';

/**
 * `ok`: as it should be; `warning`: works, but not as well or as safely as it could; `failed`: requests will fail;
 * `skipped`: not found out.
 */
export type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check has found out. Nothing in it is a secret. */
export interface Finding {
  /** What was looked at, e.g. `store: write`. */
  readonly subject: string;
  readonly outcome: Outcome;
  /** What was seen. */
  readonly seen: string;
  /** What to do about it. */
  readonly advice?: string;
  /** Milliseconds that it took, where that says something. */
  readonly durationMs?: number;
}

/** The findings of a run, in their order. */
export class Findings {
  readonly all: Finding[] = [];

  /** @param report receives each as it comes */
  constructor(private readonly report: (finding: Finding) => void = () => {}) {}

  ok(subject: string, seen: string, durationMs?: number): void {
    this.add({ subject, outcome: 'ok', seen, ...timed(durationMs) });
  }

  warn(subject: string, seen: string, advice: string, durationMs?: number): void {
    this.add({ subject, outcome: 'warning', seen, advice, ...timed(durationMs) });
  }

  fail(subject: string, seen: string, advice: string): void {
    this.add({ subject, outcome: 'failed', seen, advice });
  }

  skip(subject: string, reason: string, advice?: string): void {
    this.add({ subject, outcome: 'skipped', seen: reason, ...(advice && { advice }) });
  }

  count(outcome: Outcome): number {
    return this.all.filter((finding) => finding.outcome === outcome).length;
  }

  private add(finding: Finding): void {
    this.all.push(finding);
    this.report(finding);
  }
}

function timed(durationMs: number | undefined): { durationMs?: number } {
  return durationMs === undefined ? {} : { durationMs: Math.round(durationMs) };
}

/** What a call returns, and the milliseconds that it took. */
export async function measured<T>(
  call: () => Promise<T>,
): Promise<{ result: T; durationMs: number }> {
  const start = performance.now();
  const result = await call();
  return { result, durationMs: performance.now() - start };
}

/** Why a call failed, as the log has it: without host names and secrets. @throws the error itself if it is a bug */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ProblemException)) throw error;
  return error.diagnosis === undefined ? error.code : `${error.code} (${error.diagnosis})`;
}
