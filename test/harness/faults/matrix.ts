import type { Outcome, Outcomes, UpstreamFault } from './faults.js';
import { ROUTES, type Route, type RouteKind } from './routes.js';

/** A fault during a request to a route. */
export interface Cell {
  readonly fault: UpstreamFault;
  readonly route: Route;
  readonly outcome: Outcome;
}

const KINDS: readonly RouteKind[] = ['json', 'empty', 'content', 'probe'];

/** Each fault with each route. */
export function wholeMatrix(faults: readonly UpstreamFault[]): Cell[] {
  return faults.flatMap((fault) => ROUTES.map((route) => cell(fault, route)));
}

/**
 * Each fault with each kind of response, and each representative fault with each route. The routes of a kind alternate,
 * so that each is tried with many of the faults.
 */
export function reducedMatrix(faults: readonly UpstreamFault[]): Cell[] {
  return faults.flatMap((fault, index) =>
    (fault.isRepresentative ? ROUTES : oneOfEachKind(index)).map((route) => cell(fault, route)),
  );
}

/** One route of each kind that calls Alfresco. @param turn index among the routes of a kind */
export function oneOfEachKind(turn = 0): Route[] {
  return KINDS.map((wanted) => {
    const routes = ROUTES.filter(({ kind }) => kind === wanted);
    return routes[turn % routes.length]!;
  });
}

/** Rows for a table of tests: three parts of the title, and the cell. */
export function titled(cells: readonly Cell[]): [string, string, string, Cell][] {
  return cells.map((it) => [
    it.fault.name,
    it.route.name,
    it.outcome === 'served' ? 'is served' : `responds with ${it.outcome}`,
    it,
  ]);
}

function cell(fault: UpstreamFault, route: Route): Cell {
  return { fault, route, outcome: outcomeOf(fault.outcomes, route) };
}

function outcomeOf(outcomes: Outcomes, { kind }: Route): Outcome {
  if (kind === 'none') return 'served';
  if (kind === 'probe') {
    return outcomes.probe ?? (outcomes.json === 'served' ? 'served' : 'ALFRESCO_UNAVAILABLE');
  }
  return outcomes[kind] ?? outcomes.json;
}
