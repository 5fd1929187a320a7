import { availableParallelism } from 'node:os';
import { missingPrograms } from '../harness/programs.ts';

/** Measured minutes on two cores, in order of execution. */
const DESCRIPTIONS: Readonly<Record<string, { text: string; minutes: number }>> = {
  unit: { text: 'unit tests', minutes: 0.5 },
  e2e: { text: 'tests of the built service, several at a time', minutes: 3.2 },
  serial: { text: 'tests in real time, one after the other', minutes: 0.1 },
  slow: { text: 'long and exhaustive tests', minutes: 18 },
};

/** What will run, roughly how long it takes, and what cannot be tested on this machine. */
export function introduction(
  projects: readonly string[],
  hasChecks: boolean,
): { text: string; isRefused: boolean } {
  const parts = projects.flatMap((name) => DESCRIPTIONS[name] ?? []);
  const minutes = Math.ceil(parts.reduce((sum, part) => sum + part.minutes, 0));
  const missing = missingPrograms();
  const isRefused = missing.length > 0 && process.env.CI === 'true';
  const what = [...parts.map(({ text }) => text), ...(hasChecks ? ['types and style'] : [])];
  const lines = [
    `Running ${what.join('; ')}.`,
    `This takes about ${minutes} minute${minutes === 1 ? '' : 's'} on two cores; this machine has ${availableParallelism()}.`,
    ...missing.map(
      ({ name, purpose }) => `Not installed: ${name}. Not tested without it: ${purpose}.`,
    ),
    ...(isRefused ? ['With CI=true all of them have to be there.'] : []),
  ];
  return { text: lines.join('\n'), isRefused };
}
