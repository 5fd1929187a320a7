import type { FastifyRequest } from 'fastify';
import { BasicStrategy } from 'passport-http';
import { PassportAuthenticator } from './authenticators.js';
import { type UserDirectory, userCaller } from './user-directory.js';

export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Credentials of an `Authorization: Basic` header (RFC 7617): exactly this scheme, canonical base64, UTF-8
 * without control characters, the name up to the first colon, the rest the password, neither empty.
 */
export function parseBasicCredentials(header: string | undefined): BasicCredentials | undefined {
  const encoded = header && BASIC.exec(header)?.[1];
  if (!encoded) return undefined;
  const text = decode(encoded);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 1 || colon === text.length - 1 || /\p{Cc}/u.test(text)) {
    return undefined;
  }
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decode(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  // Node decodes what it can; only the one canonical spelling of the bytes, padded or not, is taken.
  const canonical = bytes.toString('base64');
  if (encoded !== canonical && encoded !== canonical.replace(/=+$/, '')) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

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
        (isVerified) => done(null, isVerified && userCaller(name)),
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

/** Basic authentication, without Passport and without a wait for a caller that is remembered. */
export class BasicAuthenticator extends PassportAuthenticator {
  constructor(private readonly users: UserDirectory) {
    super('basic', new StrictBasicStrategy(users));
  }

  override authenticate(request: FastifyRequest, authorization: string | undefined) {
    const known = authorization === undefined ? undefined : this.users.recall(authorization);
    return known ?? super.authenticate(request, authorization);
  }
}
