import type { OnApplicationShutdown } from '@nestjs/common';
import { PACING, type Pacing } from '../../config/pacing.js';
import { isProblem } from '../../problems/problem.exception.js';
import type { Send, UpstreamRequest, UpstreamResponse } from '../http/upstream-call.js';
import { AlfrescoCredentials, LoginPause } from './alfresco-credentials.js';

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

interface HeldGrant {
  /** Value of the `Authorization` header. */
  readonly authorization: string;
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

  private learnFrom({ status }: UpstreamResponse<unknown>, grant: HeldGrant): void {
    if (status !== 401) {
      grant.hasWorked = true;
      this.pause.reset();
    } else if (grant.isReplacement && !grant.hasWorked && !grant.isUseless) {
      grant.isUseless = true;
      this.pause.begin();
    }
  }

  /** When a fresh grant is refused as well, the next ones would be too: logging in for each request helps nobody. */
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
