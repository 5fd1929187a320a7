import { timingSafeEqual } from 'node:crypto';
import type { SandboxUser } from '../options.ts';

/** `authentication.protection.limit`. */
const FAILURE_LIMIT = 10;

interface Failures {
  count: number;
  lastAt: number;
}

/**
 * Checks passwords. After 10 failures a user is locked for 6 seconds, even with the right password, and each attempt
 * during the lock restarts it (AuthenticationServiceImpl.recordFailedAuthentication).
 */
export class Logins {
  readonly #users: ReadonlyMap<string, SandboxUser>;
  readonly #failures = new Map<string, Failures>();
  readonly #protectionMs: number;
  readonly #now: () => number;

  /** @param protectionMs `authentication.protection.periodSeconds` */
  constructor(users: readonly SandboxUser[], protectionMs: number, now: () => number = Date.now) {
    this.#users = new Map(users.map((user) => [user.id.toLowerCase(), user]));
    this.#protectionMs = protectionMs;
    this.#now = now;
  }

  /** Returns the user's id in its own spelling, or undefined if the name or the password is wrong. */
  accepts(name: string, password: string): string | undefined {
    const key = name.toLowerCase();
    if (this.#isLocked(key)) {
      this.#fail(key);
      return undefined;
    }
    const user = this.#users.get(key);
    if (user === undefined || !equal(user.password, password)) {
      this.#fail(key);
      return undefined;
    }
    this.#failures.delete(key);
    return user.id;
  }

  #isLocked(key: string): boolean {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < FAILURE_LIMIT) return false;
    if (this.#now() - failures.lastAt < this.#protectionMs) return true;
    this.#failures.delete(key);
    return false;
  }

  #fail(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    this.#failures.set(key, { count, lastAt: this.#now() });
  }
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
