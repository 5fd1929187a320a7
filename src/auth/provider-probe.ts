import type { Pacing } from '../config/pacing.js';
import { discoverKeys } from './provider-keys.js';

/** Whether the OpenID provider can be reached, for a probe that must not wait for it for long. */
export class ProviderProbe {
  private isUp?: Promise<boolean>;

  constructor(
    private readonly issuer: string,
    private readonly pacing: Pick<Pacing['health'], 'providerMs' | 'rememberProviderMs'>,
  ) {}

  isAvailable(): Promise<boolean> {
    this.isUp ??= this.ask().finally(() => {
      setTimeout(() => (this.isUp = undefined), this.pacing.rememberProviderMs).unref();
    });
    return this.isUp;
  }

  private ask(): Promise<boolean> {
    return discoverKeys(this.issuer, this.pacing.providerMs).then(
      () => true,
      () => false,
    );
  }
}
