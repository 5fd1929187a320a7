import { spawnSync } from 'node:child_process';
import { arch, cpus } from 'node:os';

const isPinnable = spawnSync('taskset', ['--version']).status === 0;

/** The cores of the measured process. */
export const SERVICE_CORES = '0';
/** The cores of the load and of the Alfresco behind the measured process. */
export const LOAD_CORES = '1';

/** Restricts a command to these cores, if `taskset` is installed. */
export function pinned(cores: string, command: string[]): [string, ...string[]] {
  return (isPinnable ? ['taskset', '-c', cores, ...command] : command) as [string, ...string[]];
}

/** Restricts this process, and those it starts without `pinned`, to these cores. */
export function pinThis(cores: string): void {
  if (isPinnable) spawnSync('taskset', ['-a', '-cp', cores, String(process.pid)]);
}

/** Describes the machine, for the heading of the results. */
export function machine(): string {
  const pins = isPinnable ? 'service and load pinned to one core each' : 'nothing pinned';
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores (${arch()}), ${pins}`;
}

/** Whether a program is installed. */
export function isInstalled(program: string, versionFlag = '--version'): boolean {
  return spawnSync(program, [versionFlag]).error === undefined;
}
