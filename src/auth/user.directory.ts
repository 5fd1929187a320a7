import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcrypt';

/** How long a verified pair is remembered, in milliseconds. */
const REMEMBER_MS = 60_000;

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
  private readonly key = randomBytes(32);
  private readonly verified = new Map<string, Verified>();
  private readonly running = new Map<string, Promise<boolean>>();
  /** Compared for unknown names, at the cost of the known ones, so that time does not tell which exist. */
  private readonly nobody: string;

  constructor(
    private readonly users: ReadonlyMap<string, string>,
    private readonly compare: (password: string, hash: string) => Promise<boolean> = bcrypt.compare,
  ) {
    const [someHash = '$2b$10$'] = users.values();
    this.nobody = someHash.slice(0, 7) + '.'.repeat(53);
  }

  async verify(name: string, password: string): Promise<boolean> {
    const digest = createHmac('sha256', this.key).update(`${name}:${password}`).digest();
    const known = this.verified.get(name);
    if (known && known.until > Date.now() && timingSafeEqual(known.digest, digest)) return true;
    return this.verifyOnce(name, password, digest);
  }

  /** Requests that arrive together with the same pair, as those of one page do, share one bcrypt run. */
  private verifyOnce(name: string, password: string, digest: Buffer): Promise<boolean> {
    const key = digest.toString('base64');
    let run = this.running.get(key);
    if (!run) {
      run = this.compareHash(name, password, digest).finally(() => this.running.delete(key));
      this.running.set(key, run);
    }
    return run;
  }

  private async compareHash(name: string, password: string, digest: Buffer): Promise<boolean> {
    const hash = this.users.get(name);
    const isMatch = await this.compare(password, hash ?? this.nobody);
    if (!hash || !isMatch) return false;
    this.verified.set(name, { digest, until: Date.now() + REMEMBER_MS });
    return true;
  }
}
