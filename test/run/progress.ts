import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestSpecification,
  TestSuite,
  Vitest,
} from 'vitest/node';
import type { Checks } from './checks.ts';

/** After this long without output, the running tests are listed. */
const SILENCE_MS = 10_000;

/**
 * Prints a line for each test file that is done, failures when they happen, and a summary; one object for all runs of
 * vitest.
 */
export class Progress implements Reporter {
  private vitest?: Vitest;
  private readonly begunAt = performance.now();
  private readonly counts = { passed: 0, failed: 0, skipped: 0 };
  /** Names of skipped tests by reason. */
  private readonly skipped = new Map<string, string[]>();
  private readonly failed: string[] = [];
  /** Output of tests, until they have passed. */
  private readonly output = new Map<string, string>();
  private readonly running = new Map<TestModule, number>();
  private files = 0;
  private done = 0;
  private errors = 0;
  private heartbeat?: NodeJS.Timeout;

  get hasPassed(): boolean {
    return this.counts.failed === 0 && this.errors === 0 && this.counts.passed > 0;
  }

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.files = specifications.length;
    this.done = 0;
    this.beat();
  }

  onUserConsoleLog({ taskId = '', content }: { taskId?: string; content: string }): void {
    this.output.set(taskId, (this.output.get(taskId) ?? '') + content);
  }

  onTestModuleStart(module: TestModule): void {
    this.running.set(module, performance.now());
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === 'pending') return;
    this.counts[result.state] += 1;
    const name = `${test.module.relativeModuleId} > ${test.fullName}`;
    if (result.state === 'skipped') {
      const reason = result.note ?? 'says so itself';
      this.skipped.set(reason, [...(this.skipped.get(reason) ?? []), name]);
    }
    if (result.state === 'failed') {
      this.fail(name, result.errors, test.id, test.module);
    }
    this.output.delete(test.id);
  }

  onTestSuiteResult(suite: TestSuite): void {
    const name = `${suite.module.relativeModuleId} > ${suite.fullName}`;
    this.failOutside(name, suite.errors(), suite.id, suite.module);
  }

  onTestModuleEnd(module: TestModule): void {
    const begunAt = this.running.get(module) ?? performance.now();
    this.running.delete(module);
    this.failOutside(module.relativeModuleId, module.errors(), module.id, module);
    this.output.delete(module.id);
    this.done += 1;
    const tests = [...module.children.allTests()].length;
    const seconds = ((performance.now() - begunAt) / 1000).toFixed(1);
    const mark = module.ok() ? 'ok    ' : 'FAILED';
    const position = `${String(this.done).padStart(3)}/${this.files}`;
    this.print(
      `${position}  ${mark}  ${module.project.name.padEnd(6)}  ${module.relativeModuleId}  (${tests} tests, ${seconds} s)`,
    );
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    clearTimeout(this.heartbeat);
    // Errors outside of tests: after the end of one, or in the set-up of a project.
    this.failOutside('outside of tests', errors, '', undefined);
  }

  /** Stops the current run and its workers. */
  async stop(): Promise<void> {
    await this.vitest?.cancelCurrentRun('keyboard-input');
    await this.vitest?.close();
  }

  /** A summary of skipped and failed tests, with the totals. */
  printSummary(checks: Checks | undefined): void {
    clearTimeout(this.heartbeat);
    const { passed, failed, skipped } = this.counts;
    const lines = [
      '',
      ...[...this.skipped].flatMap(([reason, names]) => [
        `Skipped (${reason}):`,
        ...names.map((name) => `  ${name}`),
      ]),
      ...(this.failed.length > 0 ? ['Failed:', ...this.failed.map((name) => `  ${name}`)] : []),
      ...(checks ? [checks.summary] : []),
      `Took ${((performance.now() - this.begunAt) / 1000).toFixed(0)} s`,
      `${passed} passed, ${failed + this.errors} failed, ${skipped} skipped`,
    ];
    console.log(lines.join('\n'));
  }

  /** Errors of hooks and files, which are not tests. */
  private failOutside(
    name: string,
    errors: readonly SerializedError[],
    id: string,
    module: TestModule | undefined,
  ): void {
    if (errors.length === 0) return;
    this.errors += 1;
    this.fail(name, errors, id, module);
  }

  private fail(
    name: string,
    errors: readonly unknown[],
    id: string,
    module: TestModule | undefined,
  ): void {
    this.failed.push(name);
    this.print(`\nFAILED: ${name}`);
    for (const error of errors) {
      this.vitest!.logger.printError(error, { project: module?.project, showCodeFrame: true });
    }
    const output = this.output.get(id);
    if (output) this.print(`It printed:\n${output}`);
  }

  private print(line: string): void {
    console.log(line);
    this.beat();
  }

  private beat(): void {
    clearTimeout(this.heartbeat);
    this.heartbeat = setTimeout(() => {
      const names = [...this.running.keys()].map(({ relativeModuleId }) => relativeModuleId);
      this.print(`         ... ${names.length > 0 ? names.join(', ') : 'starting'}`);
    }, SILENCE_MS).unref();
  }
}
