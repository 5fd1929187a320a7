import { hash as digestOf, randomBytes, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcrypt';
import { PACING, type Pacing } from '../config/pacing.js';

/** Lets a password be verified, or refuses the attempt. */
export interface LoginThrottle {
  attempt(address: string, name: string, verify: () => Promise<boolean>): Promise<boolean>;
}

const UNTHROTTLED: LoginThrottle = { attempt: (_address, _name, verify) => verify() };

interface Verified {
  readonly digest: Buffer;
  readonly until: number;
}

/**
 * Verifies names and passwords against bcrypt hashes.
 *
 * A verified pair is remembered for a minute as a keyed hash, so that a caller who polls pays for bcrypt
 * once a minute. The key is random and never leaves the process; only verified pairs are kept, so the memory
 * holds at most one entry a user.
 */
export class UserDirectory {
  private readonly key = randomBytes(32).toString('base64');
  private readonly verified = new Map<string, Verified>();
  private readonly running = new Map<string, Promise<boolean>>();
  /** Compared for unknown names, at the cost of the known ones, so that time does not tell which exist. */
  private readonly nobody: string;

  constructor(
    private readonly users: ReadonlyMap<string, string>,
    private readonly compare: (password: string, hash: string) => Promise<boolean> = bcrypt.compare,
    private readonly throttle: LoginThrottle = UNTHROTTLED,
    private readonly pacing: Pick<Pacing['auth'], 'rememberMs'> = PACING.auth,
  ) {
    const [someHash = '$2b$10$'] = users.values();
    this.nobody = someHash.slice(0, 7) + '.'.repeat(53);
  }

  /**
   * @param address where the attempt comes from, for the throttle of failures
   * @throws what the throttle throws; never for a pair that is remembered
   */
  async verify(name: string, password: string, address = ''): Promise<boolean> {
    // Not HMAC, which costs 8 us, a seventh of a status read: nobody sees the digest, and so none can be extended.
    const digest = digestOf('sha256', `${this.key}${name}:${password}`, 'buffer');
    const known = this.verified.get(name);
    if (known && known.until > Date.now() && timingSafeEqual(known.digest, digest)) return true;
    const key = `${address} ${digest.toString('base64')}`;
    return this.runOnce(key, () =>
      this.throttle.attempt(address, name, () => this.compareHash(name, password, digest)),
    );
  }

  /** How long this user's last pair is remembered: milliseconds of the epoch, in the past for one that is not. */
  rememberedUntil(name: string): number {
    return this.verified.get(name)?.until ?? 0;
  }

  /** Requests that arrive together with the same pair from the same address, as those of one page do, share one bcrypt run. */
  private runOnce(key: string, verify: () => Promise<boolean>): Promise<boolean> {
    let run = this.running.get(key);
    if (!run) {
      run = verify().finally(() => this.running.delete(key));
      this.running.set(key, run);
    }
    return run;
  }

  private async compareHash(name: string, password: string, digest: Buffer): Promise<boolean> {
    const hash = this.users.get(name);
    const isMatch = await this.compare(password, hash ?? this.nobody);
    if (!hash || !isMatch) return false;
    this.verified.set(name, { digest, until: Date.now() + this.pacing.rememberMs });
    return true;
  }
}
