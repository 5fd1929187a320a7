import { spawnSync } from 'node:child_process';
import { arch, cpus } from 'node:os';

const isPinnable = spawnSync('taskset', ['--version']).status === 0;

/** For what is measured. */
export const SERVICE_CORES = '0';
/** For the load, and for the Alfresco behind what is measured. */
export const LOAD_CORES = '1';

/** A command on these cores only, where `taskset` is there. */
export function pinned(cores: string, command: string[]): [string, ...string[]] {
  return (isPinnable ? ['taskset', '-c', cores, ...command] : command) as [string, ...string[]];
}

/** Keeps this process, and what it starts without `pinned`, to these cores. */
export function pinThis(cores: string): void {
  if (isPinnable) spawnSync('taskset', ['-a', '-cp', cores, String(process.pid)]);
}

/** Where the figures come from. */
export function machine(): string {
  const pins = isPinnable ? 'service and load pinned to one core each' : 'nothing pinned';
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores (${arch()}), ${pins}`;
}

/** Whether a program is installed. */
export function isInstalled(program: string, versionFlag = '--version'): boolean {
  return spawnSync(program, [versionFlag]).error === undefined;
}
