import type { ProviderTokens } from './openid-provider.js';
import { SessionCipher } from './session-cipher.js';
import type { SessionRecord } from './session-store.js';

/** Milliseconds before the end of an access token at which it is refreshed, so that it lasts for what it is used for. */
const REFRESH_BEFORE_MS = 30_000;
/** Of a short-lived token, no more than this part of its lifetime. */
const REFRESH_SHARE = 0.25;

/** What is encrypted in a `SessionRecord`. */
export interface SessionContent {
  readonly name: string;
  readonly accessToken: string;
  readonly accessEndsAt: number;
  /** When it is time for another access token. */
  readonly refreshAt: number;
  readonly refreshToken?: string;
}

export function toContent(name: string, tokens: ProviderTokens): SessionContent {
  const { accessToken, accessEndsAt, refreshToken } = tokens;
  const lifetimeMs = accessEndsAt - Date.now();
  const refreshAt = accessEndsAt - Math.min(REFRESH_BEFORE_MS, lifetimeMs * REFRESH_SHARE);
  return { name, accessToken, accessEndsAt, refreshAt, refreshToken };
}

type SessionOwner = Pick<SessionRecord, 'id' | 'subject'>;

/** Encrypts what only this service may read of a session, for that session and its person alone. */
export class SessionSeal {
  private readonly cipher: SessionCipher;

  /** @param secrets see SESSION_SECRET */
  constructor(secrets: readonly string[]) {
    this.cipher = new SessionCipher(secrets);
  }

  seal(owner: SessionOwner, content: SessionContent): string {
    return this.cipher.seal(JSON.stringify(content), contextOf(owner));
  }

  /** `undefined` when it was sealed with a secret that is gone, or is not of this session. */
  open(record: SessionRecord): SessionContent | undefined {
    const text = this.cipher.open(record.sealed, contextOf(record));
    return text === undefined ? undefined : (JSON.parse(text) as SessionContent);
  }
}

/** With the person in it: who can write to the store must not make a session of theirs someone else's. */
function contextOf({ id, subject }: SessionOwner): string {
  return `${id} ${subject}`;
}
