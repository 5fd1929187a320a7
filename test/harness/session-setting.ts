import { IdentityProvider, type IdentityProviderOptions } from '../../demo/identity-provider.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import { type Bff, type BffOptions, startBff } from './bff.js';
import { LoginClient } from './login-client.js';
import { freePort } from './redis-server.js';

export const PASSWORDS = { alice: 'wonderland-of-alice', bob: 'workshop-of-bob' } as const;

export const CLIENT_ID = 'downloads';
export const CLIENT_SECRET = 'a-secret-of-the-client-at-the-provider';
export const SESSION_SECRET = 'a-secret-for-sessions-of-more-than-32-characters';

/** What a page sends with each request that changes something. */
export const XHR = { 'x-requested-with': 'XMLHttpRequest' };

type ClientOptions = Partial<IdentityProviderOptions['clients'][number]>;

interface SettingOptions {
  readonly accessTokenSeconds?: number;
  readonly sandbox?: SandboxOptions;
  /** How the client at the provider differs. */
  readonly client?: ClientOptions;
  /** Other clients at the provider of the service at this address. */
  readonly others?: (url: string) => IdentityProviderOptions['clients'];
  /** How the environment of all services differs. */
  readonly variables?: Record<string, string>;
}

/** An OpenID provider, the stand-in for Alfresco, and services between whose sessions are of one store. */
export class SessionSetting {
  private readonly started: Bff[] = [];

  private constructor(
    readonly provider: IdentityProvider,
    readonly sandbox: Sandbox,
    /** Where the provider sends browsers back to: the first service that is started. */
    readonly url: string,
    /** The environment of the services. */
    readonly variables: Record<string, string>,
  ) {}

  static async start(options: SettingOptions = {}): Promise<SessionSetting> {
    const port = await freePort();
    const url = options.variables?.PUBLIC_URL ?? `http://127.0.0.1:${port}`;
    const provider = await IdentityProvider.start({
      users: Object.entries(PASSWORDS).map(([name, password]) => ({ name, password })),
      accessTokenSeconds: options.accessTokenSeconds ?? 300,
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: [`${url}/auth/callback`],
          post_logout_redirect_uris: [`${url}/`],
          backchannel_logout_uri: `http://127.0.0.1:${port}/auth/backchannel-logout`,
          backchannel_logout_session_required: true,
          ...options.client,
        },
        ...(options.others?.(url) ?? []),
      ],
    });
    const identityService = { publicKey: provider.publicKey };
    const sandbox = await startSandbox({ identityService, ...options.sandbox });
    return new SessionSetting(provider, sandbox, `http://127.0.0.1:${port}`, {
      AUTH: 'session',
      PORT: String(port),
      PUBLIC_URL: url,
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: CLIENT_ID,
      OIDC_CLIENT_SECRET: CLIENT_SECRET,
      SESSION_SECRET,
      ...options.variables,
    });
  }

  /** Starts a service: the first one where the provider sends browsers back to, each other one on any port. */
  async startService(more: Record<string, string> = {}, options?: BffOptions): Promise<Bff> {
    const variables = { ...this.variables, ...more };
    if (this.started.length > 0) variables.PORT = '0';
    const bff = await startBff(this.sandbox.url, variables, options);
    this.started.push(bff);
    return bff;
  }

  /** A browser that has logged in. */
  async loggedIn(name: keyof typeof PASSWORDS = 'alice'): Promise<LoginClient> {
    const client = new LoginClient(this.url);
    const response = await client.logIn(name, PASSWORDS[name]);
    if (response.status !== 303) throw new Error(`${response.status}: ${await response.text()}`);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.started.map((bff) => bff.close()));
    await this.sandbox.close();
    await this.provider.close();
  }
}

/** Status and code of a response. */
export async function outcomeOf(response: Response): Promise<[number, string | undefined]> {
  const text = await response.text();
  const code = text === '' ? undefined : (JSON.parse(text) as { code?: string }).code;
  return [response.status, code];
}
