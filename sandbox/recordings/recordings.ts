import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A recorded response; strings may contain placeholders. */
export interface RecordedResponse {
  status: number;
  /** The name of a set in header-sets.json, or all headers. */
  headers?: string | Record<string, string>;
  /** Headers besides those of the set. */
  more?: Record<string, string>;
  /** Whether the server closed the connection after it. */
  closes?: boolean;
  /** The error in the JSON envelope, without the members that all errors share. */
  error?: {
    errorKey?: string;
    briefSummary?: string;
    /** Whether the summary is a log number and the errorKey. */
    sameSummary?: boolean;
    stackTrace?: string;
  };
  json?: unknown;
  text?: string;
  /** The beginning of a text whose rest was not recorded. */
  starts?: string;
  /** Length of a body that was not recorded. */
  length?: number;
  /** Names and sizes of the entries of a ZIP. */
  zip?: string[];
  /** The parts of the content that make up the body, ends excluded. */
  parts?: [start: number, end: number][];
  /** The number of bytes received, fewer than Content-Length, before the client stopped waiting. */
  sent?: number;
}

/** A request and the response to it. */
export interface RecordedCase {
  name: string;
  given?: string;
  request: string;
  as?: string;
  headers?: Record<string, string>;
  body?: string;
  framing?: 'chunked';
  response: RecordedResponse;
}

const DIRECTORY = import.meta.dirname;
const HEADER_SETS = read('header-sets.json') as Record<string, Record<string, string>>;

/** The recordings by subject, in the order in which they were made. */
export const RECORDINGS: readonly { subject: string; cases: RecordedCase[] }[] = readdirSync(
  DIRECTORY,
)
  .filter((name) => name.endsWith('.json') && !/^(?:header-sets|differences)/.test(name))
  .map((name) => ({
    subject: name.replace('.json', ''),
    cases: (read(name) as { cases: RecordedCase[] }).cases,
  }));

/** Cases in which the stand-in differs, and why. */
export const DIFFERENCES = read('differences.json') as Record<string, string>;

/** All headers of a recorded response but Date and Connection. */
export function headersOf({ headers = {}, more = {} }: RecordedResponse): Record<string, string> {
  return { ...(typeof headers === 'string' ? HEADER_SETS[headers] : headers), ...more };
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(DIRECTORY, name), 'utf8'));
}
