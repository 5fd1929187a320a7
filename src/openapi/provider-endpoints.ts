import { discoverEndpoints } from '../auth/provider-discovery.js';
import type { Pacing } from '../config/pacing.js';

/** Where a browser gets an access token. */
export interface ProviderEndpoints {
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
}

/** Finds the endpoints of the OpenID provider for those who read the document, which is made without them while it is away. */
export class ProviderEndpointsFinder {
  private found?: Promise<ProviderEndpoints | undefined>;

  constructor(
    private readonly issuer: string,
    private readonly pacing: Pick<Pacing['auth'], 'providerTimeoutMs' | 'providerPauseMs'>,
  ) {}

  find(): Promise<ProviderEndpoints | undefined> {
    return (this.found ??= this.discover().catch(() => {
      setTimeout(() => (this.found = undefined), this.pacing.providerPauseMs).unref();
      return undefined;
    }));
  }

  private async discover(): Promise<ProviderEndpoints> {
    const endpoints = await discoverEndpoints(this.issuer, this.pacing.providerTimeoutMs, [
      'authorization_endpoint',
      'token_endpoint',
    ]);
    return {
      authorizationUrl: endpoints.authorization_endpoint.href,
      tokenUrl: endpoints.token_endpoint.href,
    };
  }
}
