import bcrypt from 'bcrypt';

/** A user of the service under test. */
export interface TestCaller {
  readonly name: string;
  readonly password: string;
  /** With their `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Callers with fixed names; the second password uses what RFC 7617 allows: colons, and characters beyond ASCII. */
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

/** More than the tests of a worker; beyond this number, callers are reused. */
const FRESH_CALLERS = 2000;
const FRESH_PASSWORD = 'fre5h-bff-Pa55';
/** The end of each generated caller's credentials: name and colon are twelve characters, which base64 encodes on their own. */
export const FRESH_CREDENTIALS = Buffer.from(FRESH_PASSWORD).toString('base64');
let fresh = 0;

/** A caller that no other test of this process uses, and that owns nothing yet. */
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

/** `USERS` for all callers: the named ones, and those of `createCaller`. */
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
