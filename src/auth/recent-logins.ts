import { hash, randomBytes } from 'node:crypto';
import { BoundedMap } from '../store/bounded-map.js';
import type { Caller } from './caller.js';

/** More than callers at a time; a caller has one entry for each way in which his client spells his credentials. */
const MAX_ENTRIES = 10_000;

interface Login {
  readonly caller: Caller;
  /** By the time of day. */
  readonly until: number;
}

/**
 * Callers by the `Authorization` header that has let them in a moment ago. Reading and verifying it is much of the work
 * of a status read, and who polls sends the same one each time (see `TextAnswer` for what all of this has brought).
 *
 * Headers are kept as keyed hashes only. The key is random and never leaves the process, so that nothing can be learnt from
 * how long it takes not to find one.
 */
export class RecentLogins {
  private readonly key = randomBytes(32).toString('base64');
  private readonly byDigest = new BoundedMap<string, Login>(MAX_ENTRIES);

  find(authorization: string): Caller | undefined {
    const login = this.byDigest.get(this.digestOf(authorization));
    return login && login.until > Date.now() ? login.caller : undefined;
  }

  /** @param until milliseconds of the epoch */
  add(authorization: string, caller: Caller, until: number): void {
    this.byDigest.set(this.digestOf(authorization), { caller, until });
  }

  private digestOf(authorization: string): string {
    return hash('sha256', this.key + authorization, 'base64');
  }
}
