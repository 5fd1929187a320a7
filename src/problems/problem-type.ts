import { PROBLEM_CODES, type ProblemCode } from './problem-catalogue.js';

/** Injection token of the path below which each code has its page. */
export const PROBLEM_PAGES = Symbol('PROBLEM_PAGES');

/** That path, under the prefix of the API: whoever reaches the API reaches the pages, too. */
export function problemPages(apiPrefix = ''): string {
  return apiPrefix === '' ? '/problems' : `/${apiPrefix}/problems`;
}

/**
 * `type` of a problem, which is the path of its page: `/problems/download-not-found`. A reference with a full path
 * (RFC 9457, section 3.1.1) leads there from every request, by whatever name the service was called.
 */
export function problemType(code: ProblemCode, pages = problemPages()): string {
  return `${pages}/${slugOf(code)}`;
}

const BY_NAME: ReadonlyMap<string, ProblemCode> = new Map(
  PROBLEM_CODES.flatMap((code) => [
    [code, code],
    [slugOf(code), code],
  ]),
);

/** The code that is meant by `DOWNLOAD_NOT_FOUND` or `download-not-found`. */
export function codeNamed(name: string): ProblemCode | undefined {
  return BY_NAME.get(name);
}

function slugOf(code: ProblemCode): string {
  return code.toLowerCase().replaceAll('_', '-');
}
