import type { OnApplicationShutdown } from '@nestjs/common';
import { PACING, type Pacing } from '../../config/pacing.js';
import { isProblem } from '../../problems/problem.exception.js';
import type { Send, UpstreamRequest, UpstreamResponse } from '../http/upstream-call.js';
import { AlfrescoCredentials, LoginPause } from './alfresco-credentials.js';

/** The outcome of a login. */
export interface Grant {
  /** Value of the `Authorization` header. Never to be logged. */
  readonly authorization: string;
  /** Milliseconds after which another login is due; unknown when absent, until a 401 shows it. */
  readonly renewAfterMs?: number;
}

/** A way to obtain a grant. */
export interface Login {
  /**
   * Logs in, within the configured time.
   * @throws ProblemException ALFRESCO_CREDENTIALS_REJECTED when the account is rejected; another one when there is no usable response
   */
  obtain(): Promise<Grant>;
  /** Closes its own connections. */
  close?(): Promise<void>;
}

interface HeldGrant {
  /** Value of the `Authorization` header. */
  readonly authorization: string;
  readonly renewAt: number;
  /** Whether it was obtained because another one had been rejected. */
  readonly isReplacement: boolean;
  /** Whether Alfresco has accepted it at least once. */
  hasWorked: boolean;
  /** Whether Alfresco has rejected it although it was a replacement, and had never worked. */
  isUseless: boolean;
}

/** One grant for all requests, obtained when first needed and again when it expires or is rejected. */
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

  apply(next: Send): Send {
    return async <T>(request: UpstreamRequest) => {
      const grant = this.current() ?? (await this.obtainOnce(false));
      const response = await next<T>(withGrant(request, grant));
      this.learnFrom(response, grant);
      if (response.status !== 401 || !this.isReplaceable(grant)) return response;
      const replacement = await this.replace(grant);
      const second = await next<T>(withGrant(request, replacement));
      this.learnFrom(second, replacement);
      return second;
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.login.close?.();
  }

  private current(): HeldGrant | undefined {
    return this.held && performance.now() < this.held.renewAt ? this.held : undefined;
  }

  /** Of all requests that were rejected with the same grant, the first one logs in and the others wait for it. */
  private async replace(rejected: HeldGrant): Promise<HeldGrant> {
    if (this.held === rejected) this.held = undefined;
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

  private learnFrom({ status }: UpstreamResponse<unknown>, grant: HeldGrant): void {
    if (status !== 401) {
      grant.hasWorked = true;
      this.pause.reset();
    } else if (grant.isReplacement && !grant.hasWorked && !grant.isUseless) {
      grant.isUseless = true;
      this.pause.begin();
    }
  }

  /** A fresh grant that is rejected as well is not replaced for a while: the next one would not do any better. */
  private isReplaceable({ isUseless }: HeldGrant): boolean {
    return !isUseless || !this.pause.isRunning;
  }
}

function withGrant(request: UpstreamRequest, { authorization }: HeldGrant): UpstreamRequest {
  request.headers.Authorization = authorization;
  return request;
}

function toHeld(
  { authorization, renewAfterMs = Infinity }: Grant,
  isReplacement: boolean,
): HeldGrant {
  return {
    authorization,
    renewAt: performance.now() + renewAfterMs,
    isReplacement,
    hasWorked: false,
    isUseless: false,
  };
}
