import { normalizeIp } from '@nestjs/throttler';
import { LoginThrottle } from '../auth/user-directory.js';
import type { Counters } from '../config/worker-context.js';
import { WINDOW_MS, counterKey, tooManyRequests } from './rate-limits.js';

/** Names behind one address (a proxy, an office) that may be mistyped before all of them have to wait. */
const NAMES_PER_ADDRESS = 5;

interface Counter {
  readonly key: string;
  readonly limit: number;
}

/** The attempts of one address in this process. */
class Attempts {
  /** Including those that wait. */
  count = 0;
  /** Those whose password is being verified. */
  running = 0;
  reserving = Promise.resolve();
  private waiting: (() => void)[] = [];

  nextEnd(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  end(): void {
    this.running -= 1;
    for (const resume of this.waiting.splice(0)) resume();
  }
}

/**
 * Ends the guessing of passwords: after `limit` failures within a minute, further attempts of the same address for the same
 * name are refused before the password is verified, and five times as many end the attempts of an address for all names.
 * There is no limit by name alone, or anyone could lock out anyone.
 *
 * An attempt is counted as a failure before the password is verified, and given back when it succeeds: of guesses made side by
 * side, in several processes too, all would otherwise be verified before the first one counts. So an attempt beyond the limit
 * is not refused while others of its address run, but waits: one of them may succeed, and give its place back. Else users
 * behind one proxy that log in at the same time, all with the right password, would shut each other out.
 */
export class FailedLogins extends LoginThrottle {
  private readonly attempts = new Map<string, Attempts>();

  constructor(
    private readonly counters: Counters,
    private readonly limit: number,
  ) {
    super();
  }

  override async attempt(
    address: string,
    name: string,
    verify: () => Promise<boolean>,
  ): Promise<boolean> {
    const source = normalizeIp(address);
    const counters = [
      { key: counterKey('login', `${source} ${name}`), limit: this.limit },
      { key: counterKey('login', source), limit: this.limit * NAMES_PER_ADDRESS },
    ];
    const attempts = this.attemptsOf(source);
    attempts.count += 1;
    try {
      while (!(await this.reserve(counters, attempts))) await attempts.nextEnd();
      return await this.run(verify, counters, attempts);
    } finally {
      attempts.count -= 1;
      if (attempts.count === 0) this.attempts.delete(source);
    }
  }

  /**
   * Reserves one after the other: an attempt that is still being reserved does not run yet, but may be the one to wait for.
   *
   * @returns whether there was an attempt left; if not, one that runs may yet give its place back
   * @throws ProblemException TOO_MANY_REQUESTS when none runs
   */
  private reserve(counters: readonly Counter[], attempts: Attempts): Promise<boolean> {
    const reserved = attempts.reserving.then(async () => {
      const resetMs = await this.tryToReserve(counters);
      if (resetMs === undefined) attempts.running += 1;
      else if (attempts.running === 0) throw tooManyRequests(Math.ceil(resetMs / 1000));
      return resetMs === undefined;
    });
    attempts.reserving = reserved.then(
      () => {},
      () => {},
    );
    return reserved;
  }

  private async run(
    verify: () => Promise<boolean>,
    counters: readonly Counter[],
    attempts: Attempts,
  ): Promise<boolean> {
    let isFailure = false;
    try {
      const isVerified = await verify();
      isFailure = !isVerified;
      return isVerified;
    } finally {
      if (!isFailure) await this.giveBack(counters);
      attempts.end();
    }
  }

  /** @returns milliseconds until there are attempts left again, when there are none */
  private async tryToReserve(counters: readonly Counter[]): Promise<number | undefined> {
    const reserved: Counter[] = [];
    for (const counter of counters) {
      const { isGranted, resetMs } = await this.counters.reserve(
        counter.key,
        WINDOW_MS,
        counter.limit,
      );
      if (!isGranted) {
        await this.giveBack(reserved);
        return resetMs;
      }
      reserved.push(counter);
    }
    return undefined;
  }

  private async giveBack(counters: readonly Counter[]): Promise<void> {
    await Promise.all(counters.map(({ key }) => this.counters.giveBack(key)));
  }

  private attemptsOf(source: string): Attempts {
    let attempts = this.attempts.get(source);
    if (!attempts) this.attempts.set(source, (attempts = new Attempts()));
    return attempts;
  }
}
