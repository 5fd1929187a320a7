import { normalizeIp } from '@nestjs/throttler';
import { tooManyRequests } from './counted-request.js';
import type { RateLimitStorage } from './rate-limit.storage.js';
import { WINDOW_MS, counterKey } from './rate-limits.js';

/** Names behind one address (a proxy, an office) that may be mistyped before all of them have to wait. */
const NAMES_PER_ADDRESS = 5;

interface Attempts {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Ends the guessing of passwords: after so many failures within a minute, further attempts of the same
 * address for the same name are refused before the password is looked at, and five times as many end the
 * attempts of an address for all names. By name alone nobody is ever locked out, or everybody could lock
 * out everybody.
 */
export class FailedLogins {
  private readonly attempts = new Map<string, Attempts>();
  /** Attempts that have ended, to notice that one did while its counter was being read. */
  private ended = 0;

  /** @param processes that try at the same time, each of which takes its share of the attempts left */
  constructor(
    private readonly storage: RateLimitStorage,
    private readonly limit: number,
    private readonly processes = 1,
  ) {}

  /**
   * Verifies a password, if there is an attempt left.
   *
   * @throws ProblemException TOO_MANY_REQUESTS
   */
  async attempt(address: string, name: string, verify: () => Promise<boolean>): Promise<boolean> {
    const source = normalizeIp(address);
    const counters = [
      { key: counterKey('login', `${source} ${name}`), limit: this.limit },
      { key: counterKey('login', source), limit: this.limit * NAMES_PER_ADDRESS },
    ];
    await this.enter(source, counters);
    try {
      const isVerified = await verify();
      if (!isVerified) {
        await Promise.all(counters.map(({ key }) => this.storage.hit(key, WINDOW_MS)));
      }
      return isVerified;
    } finally {
      this.leave(source);
    }
  }

  /** No more run at once than might fail: the others wait until it is known whether these have. */
  private async enter(
    source: string,
    counters: readonly { key: string; limit: number }[],
  ): Promise<void> {
    for (;;) {
      const { ended } = this;
      const counts = await Promise.all(counters.map(({ key }) => this.storage.peek(key)));
      counts.forEach(({ hits, resetMs }, index) => {
        if (hits >= counters[index]!.limit) throw tooManyRequests(Math.ceil(resetMs / 1000));
      });
      if (ended !== this.ended) continue;
      const left = Math.min(...counts.map(({ hits }, index) => counters[index]!.limit - hits));
      const attempts = this.attemptsOf(source);
      if (attempts.running < Math.max(1, Math.floor(left / this.processes))) {
        attempts.running += 1;
        return;
      }
      await new Promise<void>((resolve) => attempts.waiting.push(resolve));
    }
  }

  private attemptsOf(source: string): Attempts {
    let attempts = this.attempts.get(source);
    if (!attempts) this.attempts.set(source, (attempts = { running: 0, waiting: [] }));
    return attempts;
  }

  private leave(source: string): void {
    const attempts = this.attemptsOf(source);
    this.ended += 1;
    attempts.running -= 1;
    if (attempts.running === 0) this.attempts.delete(source);
    for (const resume of attempts.waiting.splice(0)) resume();
  }
}
