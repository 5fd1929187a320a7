import type { Fault, FaultMatch } from './fault.ts';

type Kind = Fault['kind'];
type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number' && value >= 0;
const isStatus: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599;
const isString: Check = (value) => typeof value === 'string';
const isHeaders: Check = (value) =>
  typeof value === 'object' && value !== null && Object.values(value).every(isString);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const anything: Check = (value) => value !== undefined;

const MEMBERS: Record<Kind, Record<string, Check>> = {
  delay: { ms: isNumber },
  hang: {},
  reset: {},
  'reset-after-headers': {},
  'reset-mid-body': { afterBytes: isNumber },
  truncate: { afterBytes: isNumber },
  'stall-mid-body': { afterBytes: isNumber },
  drip: { bytesPerSecond: isNumber },
  html: { status: isStatus },
  'malformed-json': {},
  empty: { status: isStatus },
  status: { status: isStatus, body: optional(isString), headers: optional(isHeaders) },
  redirect: { location: isString, status: optional(isStatus) },
  'set-cookie': {},
  'huge-json': { bytes: isNumber },
  'wrong-entry': { entry: anything },
  'long-body': { extraBytes: isNumber },
};

/** The body does not describe a fault; the message explains why. */
export class FaultFormatError extends Error {}

/**
 * Reads `{"fault":{"kind":…},"match":{"method","path","times"}}`, where `path` is a regular expression and `times` a
 * number or `"always"`.
 *
 * @throws FaultFormatError
 */
export function parseFault(text: string): { fault: Fault; match: FaultMatch } {
  const request = asObject(parseJson(text), 'the body');
  const fault = asObject(request.fault, '"fault"');
  const kind = String(fault.kind);
  if (!Object.hasOwn(MEMBERS, kind)) {
    throw new FaultFormatError(`"kind" must be one of ${Object.keys(MEMBERS).join(', ')}`);
  }
  const members = MEMBERS[kind as Kind];
  for (const [name, check] of Object.entries(members)) {
    if (!check(fault[name]))
      throw new FaultFormatError(`"${name}" of fault "${kind}" is missing or wrong`);
  }
  const stray = Object.keys(fault).find((name) => name !== 'kind' && !Object.hasOwn(members, name));
  if (stray !== undefined) throw new FaultFormatError(`fault "${kind}" has no "${stray}"`);
  return { fault: fault as Fault, match: parseMatch(asObject(request.match ?? {}, '"match"')) };
}

function parseMatch({ method, path, times }: Record<string, unknown>): FaultMatch {
  const match: FaultMatch = {};
  if (method !== undefined) {
    if (typeof method !== 'string') throw new FaultFormatError('"method" must be a string');
    match.method = method;
  }
  if (path !== undefined) match.path = parsePattern(path);
  if (times !== undefined) {
    if (times !== 'always' && !(Number.isInteger(times) && Number(times) > 0)) {
      throw new FaultFormatError('"times" must be a number from 1 or "always"');
    }
    match.times = times === 'always' ? Number.POSITIVE_INFINITY : Number(times);
  }
  return match;
}

function parsePattern(path: unknown): RegExp {
  try {
    if (typeof path === 'string') return new RegExp(path);
  } catch {
    // Reported below.
  }
  throw new FaultFormatError('"path" must be a regular expression');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FaultFormatError('the body must be JSON');
  }
}

function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new FaultFormatError(`${name} must be a JSON object`);
}
