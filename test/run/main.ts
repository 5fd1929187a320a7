/**
 * Runs the tests: `node test/run/main.ts [part ...] [filter ...]`. A part is `checks` (types and style) or a project of
 * `vitest.config.ts`; a filter is part of the path of test files in any project.
 */
import { rmSync } from 'node:fs';
import { startVitest } from 'vitest/node';
import { build, temporaryFolder } from '../../scripts/build.ts';
import { Checks } from './checks.ts';
import { introduction } from './introduction.ts';
import { Progress } from './progress.ts';

/** Milliseconds for workers to exit after a signal. */
const STOP_MS = 3000;

const PROJECTS = ['unit', 'e2e', 'serial', 'slow'];

const words = process.argv.slice(2);
const filters = words.filter((word) => word !== 'checks' && !PROJECTS.includes(word));
const isWhole = filters.length === 0;
const projects = isWhole ? PROJECTS.filter((name) => words.includes(name)) : PROJECTS;
const checks = isWhole && words.includes('checks') ? new Checks() : undefined;
const needsBuild = projects.some((name) => name !== 'unit');
const folder = temporaryFolder('test');
const progress = new Progress();

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => {
    progress.printSummary(checks);
    checks?.stop();
    process.exitCode = 128 + number;
    setTimeout(() => process.exit(), STOP_MS);
    void progress.stop().finally(() => process.exit());
  });
}

process.env.BUILT_SERVICE = folder;
process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const { text, isRefused } = introduction(projects, checks !== undefined);
  console.log(text);
  if (isRefused) return false;
  const building = needsBuild ? build(folder) : Promise.resolve();
  // Awaited below; until then, a failure must not count as an unhandled rejection.
  building.catch(() => {});
  if (projects.includes('unit')) await run(['unit']);
  try {
    await building;
  } catch (error) {
    console.error((error as Error).message);
    return false;
  }
  // In parallel with tests that mostly wait.
  const checking = checks?.run();
  const parallel = projects.filter((name) => name === 'e2e');
  if (parallel.length > 0) await run(parallel);
  await checking;
  // One at a time, with nothing else running.
  for (const name of projects.filter((one) => one === 'serial' || one === 'slow'))
    await run([name]);
  progress.printSummary(checks);
  return progress.hasPassed && (checks?.hasPassed ?? true);
}

async function run(names: readonly string[]): Promise<void> {
  const vitest = await startVitest('test', filters, {
    run: true,
    watch: false,
    project: [...names],
    reporters: [progress],
    passWithNoTests: !isWhole,
  });
  await vitest.close();
}
