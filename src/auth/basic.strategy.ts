import { BasicStrategy } from 'passport-http';
import type { Caller } from './caller.js';
import { parseBasicCredentials } from './basic-credentials.js';
import type { UserDirectory } from './user-directory.js';

type Request = { readonly headers: { readonly authorization?: string }; readonly ip?: string };

/**
 * Passport's Basic strategy behind a strict reading of the header.
 *
 * passport-http 0.3 takes every scheme whose name contains "basic" and ends a password at its second
 * colon. It is given a header that only one reading fits: both parts percent-encoded, so without a colon.
 */
export class StrictBasicStrategy extends BasicStrategy {
  /** Set by Passport on the strategy of each request. */
  declare fail: (status: number) => void;

  constructor(users: UserDirectory) {
    super({ passReqToCallback: true }, ({ ip }, encodedName, encodedPassword, done) => {
      const name = decodeURIComponent(encodedName);
      users.verify(name, decodeURIComponent(encodedPassword), ip).then(
        (isVerified) => done(null, isVerified && toCaller(name)),
        (error: unknown) => done(error),
      );
    });
  }

  override authenticate(request: Request): void {
    const credentials = parseBasicCredentials(request.headers.authorization);
    if (!credentials) return this.fail(401);
    const pair = `${encodeURIComponent(credentials.name)}:${encodeURIComponent(credentials.password)}`;
    const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    super.authenticate({ headers: { authorization }, ip: request.ip } as Parameters<
      BasicStrategy['authenticate']
    >[0]);
  }
}

function toCaller(name: string): Caller {
  return { id: `basic:${name}`, name };
}
