import { stringifySetCookie } from 'cookie';
import type { SessionConfig } from '../../config/app-config.js';
import type { LoginAttempt } from './openid-provider.js';
import { SessionCipher } from './session-cipher.js';

const NAME = 'alfresco-downloads';

/** Milliseconds from the begin of a log-in to its end, with a password to be looked up and a second factor. */
const LOGIN_MS = 600_000;
/** Characters of the state in the name of a cookie, so that two tabs may log in at once. */
const STATE_LENGTH = 8;
/** Log-ins under way in one browser. More would fill the Cookie header, which all requests carry and servers limit. */
const MAX_LOGINS = 4;
/** Bytes of a Cookie header that are looked through; Node limits all headers to 16 kB. */
const MAX_HEADER = 16_384;

/** A log-in under way, with where the browser is to go afterwards. */
export interface PendingLogin extends LoginAttempt {
  readonly returnTo: string;
}

/**
 * The cookies of this service. `__Host-` has browsers refuse any that was set for a parent domain, a path or over plain HTTP
 * (RFC 6265bis, section 4.1.3.2); on loopback, where there is no TLS, they have a name without it.
 */
export class SessionCookies {
  private readonly cipher: SessionCipher;
  private readonly isSecure: boolean;
  /** Of the cookie that holds the id of a session. */
  readonly name: string;

  constructor(private readonly config: Pick<SessionConfig, 'secrets' | 'publicUrl' | 'sameSite'>) {
    this.cipher = new SessionCipher(config.secrets);
    this.isSecure = config.publicUrl.startsWith('https:');
    this.name = this.isSecure ? `__Host-${NAME}` : NAME;
  }

  /** The id of the session in a `Cookie` header; `undefined` unless there is exactly one. */
  sessionIn(header: string | undefined): string | undefined {
    return this.valueIn(header, this.name);
  }

  /** `Set-Cookie` of a new session. It goes with the browser at the latest; the service ends it sooner. */
  session(id: string): string {
    return this.serialize(this.name, id);
  }

  /** `Set-Cookie` that takes the session's cookie away. */
  noSession(): string {
    return this.serialize(this.name, '', 0);
  }

  /** `Set-Cookie` for a log-in that begins: what is needed at its end, which only the browser that began it has. */
  login(pending: PendingLogin): string {
    const name = this.loginName(pending.state);
    const text = JSON.stringify({ ...pending, endsAt: Date.now() + LOGIN_MS });
    return this.serialize(name, this.cipher.seal(text, name), LOGIN_MS, 'lax');
  }

  /** `Set-Cookie` for each of the eldest log-ins that a browser has begun and not ended, so that another one may begin. */
  noAbandonedLogins(header = ''): string[] {
    return header
      .split(';')
      .map((pair) => pair.trim().split('=', 1)[0]!)
      .filter((name) => name.startsWith(`${this.name}-login-`) && /^[\w-]+$/.test(name))
      .slice(0, 1 - MAX_LOGINS)
      .map((name) => this.serialize(name, '', 0, 'lax'));
  }

  /** The log-in of this state that the browser has begun, if it is not too long ago. */
  loginIn(header: string | undefined, state: string): PendingLogin | undefined {
    const name = this.loginName(state);
    const text = this.cipher.open(this.valueIn(header, name) ?? '', name);
    if (text === undefined) return undefined;
    const pending = JSON.parse(text) as PendingLogin & { readonly endsAt: number };
    return pending.state === state && Date.now() < pending.endsAt ? pending : undefined;
  }

  /** `Set-Cookie` that takes the cookie of a log-in away. */
  noLogin(state: string): string {
    return this.serialize(this.loginName(state), '', 0, 'lax');
  }

  private loginName(state: string): string {
    return `${this.name}-login-${state.slice(0, STATE_LENGTH).replace(/[^\w-]/g, '_')}`;
  }

  /** Values of this service need no decoding. */
  private valueIn(header: string | undefined, name: string): string | undefined {
    if (header === undefined || header.length > MAX_HEADER || !header.includes(name))
      return undefined;
    let value: string | undefined;
    for (const pair of header.split(';')) {
      const end = pair.indexOf('=');
      if (end < 0 || pair.slice(0, end).trim() !== name) continue;
      // A second one of the same name was set by someone else: a browser replaces its own.
      if (value !== undefined) return undefined;
      value = pair.slice(end + 1).trim();
    }
    return value;
  }

  private serialize(
    name: string,
    value: string,
    maxAgeMs?: number,
    sameSite = this.config.sameSite,
  ): string {
    return stringifySetCookie({
      name,
      value,
      path: '/',
      httpOnly: true,
      secure: this.isSecure,
      sameSite,
      ...(maxAgeMs !== undefined && { maxAge: maxAgeMs / 1000 }),
    });
  }
}
