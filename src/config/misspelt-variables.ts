import { Environment, FILE_VARIABLES } from './environment.js';

const NAMES: readonly string[] = [
  ...Object.keys(new Environment()),
  ...FILE_VARIABLES.map((name) => `${name}_FILE`),
];

/**
 * Variables that are set, but mean nothing, with the one that is probably meant: `ALFRSCO_URL` and `ALFRESCO_URL`.
 *
 * An unknown variable is no error: the environment of a process has many that belong to others.
 */
export function misspeltVariables(set: readonly string[]): { name: string; meant: string }[] {
  return set.flatMap((name) => {
    if (NAMES.includes(name)) return [];
    const meant = NAMES.find((known) => isNearMiss(name.toUpperCase(), known));
    // One that is set as well has not been misspelt.
    return meant === undefined || set.includes(meant) ? [] : [{ name, meant }];
  });
}

/** Short names are a slip away from those of others: USER and USERS, HOME and HOST. */
function isNearMiss(name: string, known: string): boolean {
  if (known.length < 7) return false;
  const slips = known.length < 10 ? 1 : 2;
  return Math.abs(name.length - known.length) <= slips && editDistance(name, known) <= slips;
}

/** Characters to insert, remove or replace (Wagner and Fischer, 1974). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, character] of one.split('').entries()) {
    const next = [index + 1];
    for (const [column, wanted] of other.split('').entries()) {
      const replaced = row[column]! + (character === wanted ? 0 : 1);
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
