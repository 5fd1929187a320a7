import type { TestContext } from 'vitest';
import { pathOf } from './programs.ts';

/** Skips the test, with the reason, when a program is missing; fails it where CI is true, which has to install them. */
export function needsTools(context: Pick<TestContext, 'skip'>, ...tools: readonly string[]): void {
  const missing = tools.filter((tool) => pathOf(tool) === undefined);
  if (missing.length === 0) return;
  if (process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
  context.skip(`needs ${missing.join(' and ')}`);
}
