import type { UpstreamCall } from '../http/upstream-policy.js';
import type { OnApplicationShutdown } from '@nestjs/common';
import { PACING, type Pacing } from '../../config/pacing.js';
import { isProblem } from '../../problems/problem.exception.js';
import { AlfrescoCredentials, type Send, LoginPause } from './alfresco-credentials.js';
import type { UpstreamResponse } from '../http/transport.js';

interface HeldGrant {
  readonly headers: { readonly Authorization: string };
  readonly renewAt: number;
  /** Whether it was obtained because another one had been refused. */
  readonly isReplacement: boolean;
  /** Whether Alfresco has taken it at least once. */
  hasWorked: boolean;
  /** Whether Alfresco has refused it, although it was a replacement that had never worked. */
  isUseless: boolean;
}

/** One grant for all requests, obtained when first needed and again when it expires or is refused. */
export class RenewedCredentials extends AlfrescoCredentials implements OnApplicationShutdown {
  private held?: HeldGrant;
  private pending?: Promise<HeldGrant>;
  private readonly pause: LoginPause;

  constructor(
    private readonly login: Login,
    pacing: Pacing['login'] = PACING.login,
  ) {
    super();
    this.pause = new LoginPause(pacing);
  }

  async apply<T>(send: Send<T>): Promise<UpstreamResponse<T>> {
    const grant = await this.grant();
    const answer = await this.sendWith(grant, send);
    if (answer.status !== 401 || !this.isReplaceable(grant)) return answer;
    return this.sendWith(await this.replace(grant), send);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.login.close?.();
  }

  private async grant(): Promise<HeldGrant> {
    const { held } = this;
    return held && performance.now() < held.renewAt ? held : this.obtainOnce(false);
  }

  /** Of all requests that were refused with the same grant, the first one logs in and the others wait for it. */
  private async replace(refused: HeldGrant): Promise<HeldGrant> {
    if (this.held === refused) this.held = undefined;
    return this.held ?? this.obtainOnce(true);
  }

  private obtainOnce(isReplacement: boolean): Promise<HeldGrant> {
    this.pending ??= this.obtain(isReplacement).finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async obtain(isReplacement: boolean): Promise<HeldGrant> {
    this.pause.admit();
    try {
      this.held = toHeld(await this.login.obtain(), isReplacement);
      return this.held;
    } catch (error) {
      throw isProblem(error, 'ALFRESCO_CREDENTIALS_REJECTED')
        ? this.pause.begin(error.diagnosis)
        : error;
    }
  }

  private async sendWith<T>(grant: HeldGrant, send: Send<T>): Promise<UpstreamResponse<T>> {
    const answer = await send(grant.headers);
    if (answer.status !== 401) {
      grant.hasWorked = true;
      this.pause.reset();
    } else if (grant.isReplacement && !grant.hasWorked && !grant.isUseless) {
      grant.isUseless = true;
      this.pause.begin();
    }
    return answer;
  }

  /** When a fresh grant is refused as well, the next ones would be too: logging in for each request helps nobody. */
  private isReplaceable({ isUseless }: HeldGrant): boolean {
    return !isUseless || !this.pause.isRunning;
  }
}

function toHeld(
  { authorization, renewAfterMs = Infinity }: Grant,
  isReplacement: boolean,
): HeldGrant {
  return {
    headers: { Authorization: authorization },
    renewAt: performance.now() + renewAfterMs,
    isReplacement,
    hasWorked: false,
    isUseless: false,
  };
}

/** As one call: a login that may have been heard is not sent again, since accounts are locked after a few failures. */
export const LOGIN: UpstreamCall = { operation: 'login', repeat: 'if-unsent' };

/** What a login gave. */
export interface Grant {
  /** Value of the `Authorization` header. Never to be logged. */
  readonly authorization: string;
  /** Milliseconds after which another login is due; unknown when absent, and found out by a 401. */
  readonly renewAfterMs?: number;
}

/** A way to obtain a grant. */
export interface Login {
  /**
   * Logs in, within the configured time.
   * @throws ProblemException ALFRESCO_CREDENTIALS_REJECTED when the account is refused; another one when there was no usable answer
   */
  obtain(): Promise<Grant>;
  /** Lets go of connections of its own. */
  close?(): Promise<void>;
}
