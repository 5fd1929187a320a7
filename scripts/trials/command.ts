import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a command ended, and what it printed. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, or to its `timeout` in milliseconds. @throws the error of spawn if there is no such program */
export async function outcomeOf(
  program: string,
  args: readonly string[],
  options: { readonly timeout?: number } = {},
): Promise<Outcome> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

/** Runs a command that must succeed. @returns what it printed. @throws Error with the end of its output */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await outcomeOf(program, args);
  if (exitCode === 0) return stdout;
  const printed = `${stdout}${stderr}`.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${program} ${args.join(' ')} fails with ${exitCode}:\n${printed}`);
}

/** Whether a program is there and succeeds with these arguments. */
export async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await outcomeOf(program, args)).exitCode === 0;
  } catch {
    return false;
  }
}
