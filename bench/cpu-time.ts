import { readdir, readFile } from 'node:fs/promises';
import { pace } from './pace.ts';

/** Low enough for every target, so that all do the same work in the same time. */
export const READS_PER_SECOND = 1000;

const SECONDS = 8;

/**
 * The CPU time (user and system) that a process has used, with its threads and its child processes that still run, in seconds
 * (Linux only).
 *
 * Not from `/proc/{pid}/stat`, which counts in steps of 10 ms: as much as nginx needs for 500 reads.
 */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const seconds = await Promise.all(
    threads.map(async (thread) => {
      const folder = `/proc/${pid}/task/${thread}`;
      // Nanoseconds on a processor, then two figures about waiting (Documentation/scheduler/sched-stats.rst of Linux).
      const schedstat = await readFile(`${folder}/schedstat`, 'utf8');
      const children = (await readFile(`${folder}/children`, 'utf8')).split(' ').filter(Boolean);
      const ofChildren = await Promise.all(children.map((child) => cpuSecondsOf(Number(child))));
      return sum(ofChildren) + Number(schedstat.split(' ')[0]) / 1e9;
    }),
  );
  return sum(seconds);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * The CPU time of a process for each read at `READS_PER_SECOND`, in microseconds.
 *
 * @param headers the credentials, if not those of the service's user
 */
export async function cpuPerRead(
  pid: number,
  url: string,
  paths: readonly string[],
  headers?: Readonly<Record<string, string>>,
  seconds = SECONDS,
): Promise<number> {
  const before = await cpuSecondsOf(pid);
  await pace(url, paths, READS_PER_SECOND, seconds, headers);
  return (((await cpuSecondsOf(pid)) - before) * 1e6) / (READS_PER_SECOND * seconds);
}
