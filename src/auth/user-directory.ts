import { hash as cryptoHash, randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import { PACING, type Pacing } from '../config/pacing.js';
import type { Caller } from './caller.js';

/** Port: lets a password be verified, or refuses the attempt. Without an implementation, failed logins are not limited. */
export abstract class LoginThrottle {
  /**
   * @param verify whether the password is right
   * @throws ProblemException TOO_MANY_REQUESTS without a call of `verify`
   */
  abstract attempt(address: string, name: string, verify: () => Promise<boolean>): Promise<boolean>;
}

const UNTHROTTLED: LoginThrottle = { attempt: (_address, _name, verify) => verify() };

/** bcrypt ignores what comes behind. */
const BCRYPT_BYTES = 72;

interface Login {
  readonly caller: Caller;
  readonly until: number;
}

/** A user of this service. */
export function userCaller(name: string): Caller {
  return { id: `basic:${name}`, name };
}

/**
 * Verifies names and passwords against bcrypt hashes.
 *
 * A pair that was right is remembered for a minute, so that a client that polls pays for bcrypt once a minute. It is looked
 * up by the `Authorization` header that carries it: to parse the header each time would be a noticeable part of a status
 * read. Only a keyed hash of the header is kept, with a random key that never leaves the process, so that neither the memory
 * nor the time of a lookup reveals a password. Wrong pairs are not kept, so there is one entry per user at most.
 */
export class UserDirectory {
  private readonly key = randomBytes(32).toString('base64');
  private readonly logins = new Map<string, Login>();
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

  /** The user of an `Authorization` header that was right a moment ago. Other spellings of it are left to `verify`. */
  recall(authorization: string): Caller | undefined {
    const login = this.logins.get(this.digestOf(authorization));
    return login !== undefined && login.until > Date.now() ? login.caller : undefined;
  }

  /**
   * @param address where the attempt comes from, for the throttle of failures
   * @throws what the throttle throws; never for the last pair of a user that was right
   */
  async verify(name: string, given: string, address = ''): Promise<boolean> {
    // Else one password would be many, all right, each of which costs a run of bcrypt.
    const password = Buffer.from(given).subarray(0, BCRYPT_BYTES);
    const digest = this.digestOf(authorizationFor(name, password));
    const known = this.logins.get(digest);
    // With a colon in the name, two pairs would be one header.
    const isKnown = known?.caller.name === name;
    if (isKnown && known.until > Date.now()) return true;
    const compare = () => this.compareHash(name, password, digest);
    // A pair that was right a while ago is not a guess: others at this address must not lock out a user who is logged in.
    if (isKnown) return this.runOnce(`known ${digest}`, compare);
    return this.runOnce(`${address} ${digest}`, () =>
      this.throttle.attempt(address, name, compare),
    );
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

  private async compareHash(name: string, password: Buffer, digest: string): Promise<boolean> {
    const hash = this.users.get(name);
    const isMatch = await this.compare(password, hash ?? this.unmatchableFor(name));
    if (!hash || !isMatch) return false;
    const until = Date.now() + this.pacing.rememberMs;
    this.logins.set(digest, { caller: userCaller(name), until });
    return true;
  }

  /** The same for a name each time, among the costs that users have, so that time does not tell which names exist. */
  private unmatchableFor(name: string): string {
    const place = cryptoHash('sha256', `${this.key}${name}`, 'buffer').readUInt32BE();
    return this.unmatchable[place % this.unmatchable.length]!;
  }

  /** Not HMAC, which costs 8 µs, a seventh of a status read: nobody sees the digest, and so none can be extended. */
  private digestOf(authorization: string): string {
    return cryptoHash('sha256', this.key + authorization, 'base64');
  }
}

/** The header as clients spell it (RFC 7617). */
function authorizationFor(name: string, password: Buffer): string {
  return `Basic ${Buffer.concat([Buffer.from(`${name}:`), password]).toString('base64')}`;
}
