import { hash as digestOf, randomBytes, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcrypt';
import { PACING, type Pacing } from '../config/pacing.js';

/** Lets a password be verified, or refuses the attempt. */
export interface LoginThrottle {
  attempt(address: string, name: string, verify: () => Promise<boolean>): Promise<boolean>;
}

const UNTHROTTLED: LoginThrottle = { attempt: (_address, _name, verify) => verify() };

/** bcrypt takes no notice of what comes behind. */
const BCRYPT_BYTES = 72;

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
  /** Hashes that no password has, at the costs of the users' own. */
  private readonly unmatchable: readonly string[];

  constructor(
    private readonly users: ReadonlyMap<string, string>,
    private readonly compare: (password: Buffer, hash: string) => Promise<boolean> = bcrypt.compare,
    private readonly throttle: LoginThrottle = UNTHROTTLED,
    private readonly pacing: Pick<Pacing['auth'], 'rememberMs'> = PACING.auth,
  ) {
    const hashes = users.size === 0 ? ['$2b$10$'] : [...users.values()];
    this.unmatchable = hashes.map((hash) => hash.slice(0, 7) + '.'.repeat(53));
  }

  /**
   * @param address where the attempt comes from, for the throttle of failures
   * @throws what the throttle throws; never for the last pair of a user that was right
   */
  async verify(name: string, given: string, address = ''): Promise<boolean> {
    // What bcrypt does not look at would make one password many, each of which costs a run that counts as right.
    const password = Buffer.from(given).subarray(0, BCRYPT_BYTES);
    // Not HMAC, which costs 8 us, a seventh of a status read: nobody sees the digest, and so none can be extended.
    const digest = digestOf(
      'sha256',
      `${this.key}${name}:${password.toString('latin1')}`,
      'buffer',
    );
    const known = this.verified.get(name);
    const isKnown = known !== undefined && timingSafeEqual(known.digest, digest);
    if (isKnown && known.until > Date.now()) return true;
    const compare = () => this.compareHash(name, password, digest);
    // What was right a while ago is no guess: others at this address must not lock out who is logged in.
    if (isKnown) return this.runOnce(`known ${digest.toString('base64')}`, compare);
    const key = `${address} ${digest.toString('base64')}`;
    return this.runOnce(key, () => this.throttle.attempt(address, name, compare));
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

  /** The same for a name each time, among the costs that users have, so that time does not tell which names exist. */
  private unmatchableFor(name: string): string {
    const place = digestOf('sha256', `${this.key}${name}`, 'buffer').readUInt32BE();
    return this.unmatchable[place % this.unmatchable.length]!;
  }

  private async compareHash(name: string, password: Buffer, digest: Buffer): Promise<boolean> {
    const hash = this.users.get(name);
    const isMatch = await this.compare(password, hash ?? this.unmatchableFor(name));
    if (!hash || !isMatch) return false;
    this.verified.set(name, { digest, until: Date.now() + this.pacing.rememberMs });
    return true;
  }
}
