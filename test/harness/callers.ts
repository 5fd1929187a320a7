import bcrypt from 'bcrypt';

/** Somebody who may use the service under test. */
export interface TestCaller {
  readonly name: string;
  readonly password: string;
  /** With their `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Callers with names of their own; the second password tries what RFC 7617 allows. */
export const CALLERS = {
  alice: { name: 'alice', password: 'al1ce-bff-Pa55' },
  zoe: { name: 'zoë', password: 'a:b::pässwörd-日本:' },
} as const;

export type CallerName = keyof typeof CALLERS;

/** `Authorization` of a caller. */
export function basic({ name, password }: { name: string; password: string }): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

export const AS_ALICE = { authorization: basic(CALLERS.alice) };

/** More than a worker has tests; those that come after them share callers. */
const FRESH_CALLERS = 2000;
const FRESH_PASSWORD = 'fre5h-bff-Pa55';
/** In base64 all their credentials end like this: with the colon, their names have twelve characters. */
export const FRESH_CREDENTIALS = Buffer.from(FRESH_PASSWORD).toString('base64');
let fresh = 0;

/** A caller whom no other test of this process uses, and who owns nothing yet. */
export function createCaller(): TestCaller {
  const name = freshName(fresh % FRESH_CALLERS);
  fresh += 1;
  const password = FRESH_PASSWORD;
  return { name, password, headers: { authorization: basic({ name, password }) } };
}

/** `USERS` for these callers, at bcrypt's lowest cost. */
export function users(...names: readonly CallerName[]): string {
  return names
    .map((name) => CALLERS[name])
    .map(({ name, password }) => `${name}:${bcrypt.hashSync(password, 4)}`)
    .join(',');
}

/** `USERS` for all callers: those with names, and those of `freshCaller`. */
export function allUsers(): string {
  return (userList ??= [
    users('alice', 'zoe'),
    ...Array.from({ length: FRESH_CALLERS }, (_, index) => `${freshName(index)}:${freshHash()}`),
  ].join(','));
}

function freshName(index: number): string {
  return `caller-${String(index).padStart(4, '0')}`;
}

let userList: string | undefined;
let hash: string | undefined;

function freshHash(): string {
  return (hash ??= bcrypt.hashSync(FRESH_PASSWORD, 4));
}
