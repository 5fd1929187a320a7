import { VERSION } from '../config/version.js';
import type { Finding, Findings, Outcome } from './findings.js';

const MARK_WIDTH = 8;
const SUBJECT_WIDTH = 24;

/** A line of the table. */
export function lineOf({ outcome, subject, seen, advice, durationMs }: Finding): string {
  const time = durationMs === undefined ? '' : ` (${durationMs} ms)`;
  const action = advice === undefined ? '' : ` -> ${advice}`;
  const columns = [outcome.padEnd(MARK_WIDTH), subject.padEnd(SUBJECT_WIDTH), seen];
  return `${columns.join(' ')}${time}${action}`;
}

/** The line below the table. */
export function totalOf(findings: Findings): string {
  const counts = OUTCOMES.map((outcome) => `${findings.count(outcome)} ${outcome}`);
  return counts.join(', ');
}

/** All of it as data, for `--json`. */
export function documentOf(findings: Findings): string {
  const counts = OUTCOMES.map((outcome) => [outcome, findings.count(outcome)]);
  const document = {
    version: VERSION,
    counts: Object.fromEntries(counts) as Record<Outcome, number>,
    findings: findings.all,
  };
  return JSON.stringify(document, undefined, 2);
}

const OUTCOMES: readonly Outcome[] = ['ok', 'warning', 'failed', 'skipped'];
