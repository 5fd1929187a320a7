import type { OAuth2Config } from '../../config/app-config.js';
import { PACING, type Pacing } from '../../config/pacing.js';
import { ProblemException, isProblem } from '../../problems/problem.exception.js';
import { BoundedMap } from '../../store/bounded-map.js';
import type { OnBehalfOf } from '../http/upstream-call.js';
import { type AlfrescoResponse, isObject } from '../responses.js';
import { LoginPause } from './alfresco-credentials.js';
import type { AccessTokenSource } from './caller-token-credentials.js';
import { type TokenEndpoint, endpointProblem, toGrant } from './oauth2-login.js';

/** Tokens that were exchanged and have not ended. */
const MAX_REMEMBERED = 10_000;
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** Errors with status 400 that are about this service, as a client of the provider (RFC 6749, section 5.2; RFC 8693, section 2.2.2). */
const OF_CLIENT: ReadonlySet<unknown> = new Set([
  'invalid_client',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
]);

interface Exchanged {
  readonly text: string;
  /** By the monotonic clock. */
  readonly endsAt: number;
}

/**
 * Trades the access token of a caller for one that is meant for Alfresco (RFC 8693), so that Alfresco can insist on an
 * audience, and what it is given is of no use anywhere else. Once for all calls that need it, until shortly before its end.
 */
export class TokenExchange implements AccessTokenSource {
  /** By the token of the caller. */
  private readonly exchanged = new BoundedMap<string, Exchanged>(MAX_REMEMBERED);
  private readonly pending = new Map<string, Promise<Exchanged>>();
  private readonly pause: LoginPause;

  constructor(
    private readonly callers: Pick<AccessTokenSource, 'tokenOf'>,
    private readonly endpoint: Pick<TokenEndpoint, 'request' | 'close'>,
    private readonly config: Pick<OAuth2Config, 'audience' | 'scope'>,
    pacing: Pacing['login'] = PACING.login,
  ) {
    this.pause = new LoginPause(pacing);
  }

  /** After a refusal another one, since `forget` has removed that: the token of the caller may be as good as before. */
  async tokenOf(caller: OnBehalfOf): Promise<string> {
    const subject = await this.callers.tokenOf(caller);
    const known = this.exchanged.get(subject);
    if (known && performance.now() < known.endsAt) return known.text;
    return (await this.exchangeOnce(subject)).text;
  }

  forget(refused: string): void {
    for (const [subject, { text }] of this.exchanged) {
      if (text === refused) this.exchanged.delete(subject);
    }
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }

  private exchangeOnce(subject: string): Promise<Exchanged> {
    let pending = this.pending.get(subject);
    if (!pending) {
      pending = this.exchange(subject).finally(() => this.pending.delete(subject));
      this.pending.set(subject, pending);
    }
    return pending;
  }

  private async exchange(subject: string): Promise<Exchanged> {
    this.pause.admit();
    try {
      const exchanged = await this.request(subject);
      this.pause.reset();
      this.exchanged.set(subject, exchanged);
      return exchanged;
    } catch (error) {
      throw isProblem(error, 'ALFRESCO_CREDENTIALS_REJECTED')
        ? this.pause.begin(error.diagnosis)
        : error;
    }
  }

  private async request(subject: string): Promise<Exchanged> {
    const { audience, scope } = this.config;
    const response = await this.endpoint.request({
      grant_type: GRANT_TYPE,
      subject_token: subject,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: ACCESS_TOKEN,
      ...(audience !== undefined && { audience }),
      ...(scope !== undefined && { scope }),
    });
    if (response.status !== 200) throw exchangeProblem(response);
    const { authorization, renewAfterMs = Infinity } = toGrant(response);
    return {
      text: authorization.slice('Bearer '.length),
      endsAt: performance.now() + renewAfterMs,
    };
  }
}

/**
 * RFC 8693, section 2.2.2: with 400, the token of the caller is not accepted, unless the error is about this service. Keycloak
 * has 403 `access_denied` for a token that is not for this service, as of another client: nobody else has to wait for that.
 */
function exchangeProblem({ status, body }: AlfrescoResponse): ProblemException {
  const { error, error_description: description } = isObject(body) ? body : {};
  const isOfToken =
    (status === 400 && !OF_CLIENT.has(error)) || (status === 403 && error === 'access_denied');
  const reason = [quoted(error), quoted(description)].filter(Boolean).join(': ') || undefined;
  if (!isOfToken) return endpointProblem(status, reason);
  return new ProblemException('UNAUTHENTICATED', {
    detail: 'The identity provider does not exchange the access token.',
    diagnosis: `token endpoint: status ${status} to an exchange${reason === undefined ? '' : ` ${reason}`}`,
  });
}

/**
 * What the provider says, for the log: Keycloak has `invalid_request` for a token that has ended and for settings that are wrong,
 * and only the description tells which. Without words that are as long as a token.
 */
function quoted(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  // The characters of RFC 6749, section 5.2.
  return text
    .slice(0, 200)
    .replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
    .replaceAll(/\S{32,}/g, '…');
}
