import { ProblemException } from '../problems/problem.exception.js';
import { BoundedMap } from '../store/bounded-map.js';
import { CLOCK_TOLERANCE, type Caller } from './caller.js';
import type { SessionsService } from './session/sessions.service.js';

/** Callers whose tokens are remembered. */
const MAX_REMEMBERED = 10_000;
/** Tokens of one caller: one of each of the programs that they use. */
const MAX_OF_CALLER = 4;

interface Token {
  readonly text: string;
  /** Milliseconds of the epoch. */
  readonly endsAt: number;
}

/** Someone who has come with a token or a session, or on whose behalf something is done without. */
type TokenHolder = Pick<Caller, 'id' | 'session'>;

/**
 * Access tokens of callers, for calls that are made in their name: those of a request, and those that go on after it or come
 * from elsewhere, such as watching, the rest of a ZIP, or a signed link that someone follows.
 *
 * Bearer tokens are known to the process that a request has brought them to, and are in no store; those of sessions are found
 * in the store, by all processes.
 */
export class CallerTokens {
  /** The one that ends last first. */
  private readonly known = new BoundedMap<string, readonly Token[]>(MAX_REMEMBERED);
  /** With which a request has come. Not in the caller, which is passed around and described. */
  private readonly own = new WeakMap<TokenHolder, Token>();

  constructor(private readonly sessions?: Pick<SessionsService, 'accessTokenOf'>) {}

  /** After a caller has come with a valid token. */
  remember(caller: Caller, text: string): void {
    const token = { text, endsAt: caller.expiresAt! };
    this.own.set(caller, token);
    const known = this.known.get(caller.id) ?? [];
    if (known.some((one) => one.text === text)) return;
    const all = [token, ...known.filter(isValid)].toSorted((a, b) => b.endsAt - a.endsAt);
    this.known.set(caller.id, all.slice(0, MAX_OF_CALLER));
  }

  /**
   * A token of this caller that is valid: the one that they have come with, while that lasts, else their newest one.
   * @param refused one that Alfresco has refused, in place of which another is wanted
   * @throws ProblemException UNAUTHENTICATED when it is the refused one that they have come with; CALLER_LOGGED_OUT when there
   *   is none; IDENTITY_PROVIDER_UNAVAILABLE, STORE_UNAVAILABLE when it cannot be had now
   */
  async tokenOf(caller: TokenHolder, refused?: string): Promise<string> {
    const own = this.own.get(caller);
    if (own && Date.now() < own.endsAt) {
      if (own.text === refused) throw new ProblemException('UNAUTHENTICATED');
      return own.text;
    }
    const known = this.known
      .get(caller.id)
      ?.find((token) => isValid(token) && token.text !== refused)?.text;
    if (known !== undefined && !caller.session) return known;
    const ofSession = await this.sessions?.accessTokenOf(caller.id);
    if (ofSession !== undefined && ofSession !== refused) return ofSession;
    if (known !== undefined) return known;
    throw new ProblemException('CALLER_LOGGED_OUT');
  }
}

/** The service accepts a token that much longer than it says. */
function isValid({ endsAt }: Token): boolean {
  return Date.now() < endsAt + CLOCK_TOLERANCE * 1000;
}
