import { ApiError, invalidArgument } from './api-error.ts';
import type { Parameters } from './parameters.ts';

const NAME = String.raw`[\w:.-]+(?:/[\w:.-]+)*`;
const NAME_LIST = new RegExp(String.raw`^\s*${NAME}(?:\s*,\s*${NAME})*\s*$`);
const ORDER_LIST = new RegExp(
  String.raw`^\s*${NAME}(?:\s+(?:ASC|DESC))?(?:\s*,\s*${NAME}(?:\s+(?:ASC|DESC))?)*\s*$`,
  'i',
);

/** The page that `skipCount` and `maxItems` ask for. */
export interface Paging {
  skipCount: number;
  maxItems: number;
}

/**
 * Checks the parameters that RecognizedParamsExtractor parses on every request, even for single entities.
 *
 * @throws ApiError 400
 */
export function checkParameters(parameters: Parameters): void {
  readPaging(parameters);
  for (const name of ['include', 'select']) requireClause(parameters, name, NAME_LIST);
  requireClause(parameters, 'orderBy', ORDER_LIST);
  const where = parameters.first('where');
  if (where !== undefined && where !== '' && !isWhereClause(where.trim())) {
    throw new ApiError(400, 'framework.exception.InvalidQuery', {
      summary: `An invalid WHERE query was received. ${where}, Error at char position ${where.length}`,
    });
  }
}

/** @throws ApiError 400 unless both are whole numbers, `skipCount` from 0 and `maxItems` from 1 */
export function readPaging(parameters: Parameters): Paging {
  const skipCount = parameters.first('skipCount') ?? '0';
  const maxItems = parameters.first('maxItems') ?? '100';
  for (const [name, value] of Object.entries({ skipCount, maxItems })) {
    if (!isInteger(value)) throw invalidArgument(`Invalid paging parameter ${name}:${value}`);
  }
  if (Number(maxItems) < 1) throw invalidArgument('Only positive values supported for maxItems.');
  if (Number(skipCount) < 0) throw invalidArgument('Only positive values supported for skipCount.');
  return { skipCount: Number(skipCount), maxItems: Number(maxItems) };
}

function isInteger(text: string): boolean {
  return /^[+-]?\d{1,10}$/.test(text) && Math.abs(Number(text)) < 2 ** 31;
}

function requireClause(parameters: Parameters, name: string, grammar: RegExp): void {
  const clause = parameters.first(name);
  if (clause === undefined || clause === '' || grammar.test(clause)) return;
  throw new ApiError(400, 'framework.exception.InvalidSelect', {
    summary: `An invalid ${name.toUpperCase()} query was received. ${clause}`,
  });
}

function isWhereClause(clause: string): boolean {
  let depth = 0;
  for (let index = 0; index < clause.length; index += 1) {
    if (clause[index] === '(') depth += 1;
    if (clause[index] === ')') depth -= 1;
    if (depth < 1 && index < clause.length - 1) return false;
  }
  return depth === 0 && clause.length > 2;
}
