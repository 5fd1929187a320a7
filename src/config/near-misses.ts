import { Environment, FILE_VARIABLES } from './environment.js';

/** Shorter names resemble those of other programs: HOST and HOME, PORT and PATH. */
const SHORTEST = 6;
/** Names of at least this length may have two mistakes. */
const LONG = 10;

/** A variable that nothing reads, and the one that was probably meant. */
export interface NearMiss {
  readonly given: string;
  readonly meant: string;
}

/** Variables whose names look like mistyped ones of this service. */
export function nearMisses(variables: Readonly<Record<string, string | undefined>>): NearMiss[] {
  const known = [
    ...Object.keys(new Environment()),
    ...FILE_VARIABLES.map((name) => `${name}_FILE`),
  ].filter(({ length }) => length >= SHORTEST);
  const others = Object.keys(variables).filter(
    (name) => name.length >= SHORTEST && !known.includes(name),
  );
  return others.flatMap((given) => {
    const mistakes = given.length < LONG ? 1 : 2;
    const [closest] = known
      .map((meant) => ({ meant, distance: distance(given.toUpperCase(), meant) }))
      .filter((candidate) => candidate.distance <= mistakes)
      .toSorted((one, other) => one.distance - other.distance);
    return closest ? [{ given, meant: closest.meant }] : [];
  });
}

/** Letters to add, to remove, to replace or to exchange with their neighbour (optimal string alignment). */
function distance(one: string, other: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isExchange =
        one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1] && !isSame;
      current[column] = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (isSame ? 0 : 1),
        isExchange ? beforePrevious[column - 2]! + 1 : Infinity,
      );
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[other.length]!;
}
