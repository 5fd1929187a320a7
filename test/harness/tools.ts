import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Skips the test aloud when a program is missing; where CI is true, which has to install them, fails it. */
export function needsTools(context: TestContext, ...tools: readonly string[]): void {
  const missing = tools.filter((tool) => spawnSync(tool, ['--help'], { stdio: 'ignore' }).error);
  if (missing.length === 0) return;
  if (process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
  console.warn(`SKIPPED "${context.task.name}": needs ${missing.join(' and ')}`);
  context.skip();
}
