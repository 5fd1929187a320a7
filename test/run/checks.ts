import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const CHECKS = ['typecheck', 'lint'];

/** Types and style, by their npm scripts. Their output is shown as soon as one fails. */
export class Checks {
  hasPassed = false;
  private seconds = 0;
  private running?: ChildProcess;

  async run(): Promise<void> {
    const begun = performance.now();
    let hasPassed = true;
    for (const name of CHECKS) hasPassed = (await this.passes(name)) && hasPassed;
    this.hasPassed = hasPassed;
    this.seconds = (performance.now() - begun) / 1000;
  }

  stop(): void {
    this.running?.kill();
  }

  /** A line of the summary. */
  get summary(): string {
    if (this.seconds === 0) return 'Types and style: not checked to the end';
    return `Types and style: ${this.hasPassed ? 'passed' : 'FAILED'} (${this.seconds.toFixed(0)} s)`;
  }

  private async passes(name: string): Promise<boolean> {
    const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.running = child;
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (printed += String(chunk)));
    }
    const [exitCode] = (await once(child, 'close')) as [number | null];
    if (exitCode !== 0) console.error(`\nFAILED: npm run ${name}\n${printed}`);
    return exitCode === 0;
  }
}
