import type { OnApplicationShutdown } from '@nestjs/common';
import { ProblemException, isProblem } from '../../problems/problem.exception.js';
import { AlfrescoCredentials, type Send } from './alfresco.credentials.js';
import type { Grant, Login } from './login.js';
import type { UpstreamAnswer } from '../upstream/wire.js';

/**
 * Milliseconds without another login after a refused one. Alfresco refuses a user for 6 seconds after ten
 * failures, the right password included, and each further attempt would only add to that.
 */
const PAUSE_MS = 7000;

interface HeldGrant {
  readonly headers: { readonly Authorization: string };
  readonly obtainedAt: number;
  readonly renewAt: number;
  /** Whether it was obtained because another one had been refused. */
  readonly isReplacement: boolean;
  /** Whether Alfresco has taken it at least once. */
  hasWorked: boolean;
}

/** One grant for all requests, obtained when first needed and again when it expires or is refused. */
export class RenewedCredentials extends AlfrescoCredentials implements OnApplicationShutdown {
  private held?: HeldGrant;
  private pending?: Promise<HeldGrant>;
  private pausedUntil = -Infinity;

  constructor(private readonly login: Login) {
    super();
  }

  async apply<T>(send: Send<T>): Promise<UpstreamAnswer<T>> {
    const grant = await this.grant();
    const answer = await sendWith(grant, send);
    if (answer.status !== 401 || !isReplaceable(grant)) return answer;
    return sendWith(await this.replace(grant), send);
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
    if (performance.now() < this.pausedUntil) {
      throw new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', {
        diagnosis: 'a login was refused a moment ago',
      });
    }
    try {
      this.held = toHeld(await this.login.obtain(), isReplacement);
      return this.held;
    } catch (error) {
      if (isProblem(error, 'ALFRESCO_CREDENTIALS_REJECTED'))
        this.pausedUntil = performance.now() + PAUSE_MS;
      throw error;
    }
  }
}

async function sendWith<T>(grant: HeldGrant, send: Send<T>): Promise<UpstreamAnswer<T>> {
  const answer = await send(grant.headers);
  if (answer.status !== 401) grant.hasWorked = true;
  return answer;
}

/** When a fresh grant is refused as well, the next ones would be too: logging in for each request helps nobody. */
function isReplaceable({ isReplacement, hasWorked, obtainedAt }: HeldGrant): boolean {
  return !isReplacement || hasWorked || performance.now() - obtainedAt >= PAUSE_MS;
}

function toHeld(
  { authorization, renewAfterMs = Infinity }: Grant,
  isReplacement: boolean,
): HeldGrant {
  const obtainedAt = performance.now();
  return {
    headers: { Authorization: authorization },
    obtainedAt,
    renewAt: obtainedAt + renewAfterMs,
    isReplacement,
    hasWorked: false,
  };
}
