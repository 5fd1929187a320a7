import { timingSafeEqual } from 'node:crypto';
import type { SandboxUser } from '../options.ts';

/** `authentication.protection.limit` and `.periodSeconds`. */
const FAILURE_LIMIT = 10;
const PROTECTION_MS = 6_000;

interface Failures {
  count: number;
  lastAt: number;
}

/**
 * Checks passwords. After 10 failures a user is refused for 6 seconds, with the right password too, and each refused
 * attempt starts them anew (AuthenticationServiceImpl.recordFailedAuthentication).
 */
export class Logins {
  readonly #users: ReadonlyMap<string, SandboxUser>;
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;

  constructor(users: readonly SandboxUser[], now: () => number = Date.now) {
    this.#users = new Map(users.map((user) => [user.id, user]));
    this.#now = now;
  }

  accepts(userId: string, password: string): boolean {
    const failures = this.#failures.get(userId);
    if (failures !== undefined && failures.count >= FAILURE_LIMIT) {
      if (this.#now() - failures.lastAt < PROTECTION_MS) {
        this.#fail(userId);
        return false;
      }
      this.#failures.delete(userId);
    }
    const user = this.#users.get(userId);
    if (user !== undefined && equal(user.password, password)) {
      this.#failures.delete(userId);
      return true;
    }
    this.#fail(userId);
    return false;
  }

  #fail(userId: string): void {
    const count = (this.#failures.get(userId)?.count ?? 0) + 1;
    this.#failures.set(userId, { count, lastAt: this.#now() });
  }
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
