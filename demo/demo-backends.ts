import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { SandboxOptions } from '../sandbox/options.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { PROVIDER_USERS } from './demo-user.ts';
import { IdentityProvider } from './identity-provider.ts';

/** As the provider knows the service. */
export const CLIENT = {
  id: 'alfresco-downloads',
  secret: randomBytes(32).toString('base64url'),
} as const;

/** What the services of the demo talk to. */
export interface DemoBackends {
  readonly sandbox: Sandbox;
  readonly provider: IdentityProvider;
  /** Where the service for users of the provider is to listen; the provider sends browsers to no other address. */
  readonly providerServiceUrl: string;
  close(): Promise<void>;
}

/** Starts an OpenID provider, and a stand-in for Alfresco that accepts its tokens as Alfresco's identity service does. */
export async function startDemoBackends(
  options: SandboxOptions = {},
  { accessTokenSeconds }: { readonly accessTokenSeconds?: number } = {},
): Promise<DemoBackends> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const provider = await IdentityProvider.start({
    users: PROVIDER_USERS,
    accessTokenSeconds,
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${url}/auth/callback`],
        post_logout_redirect_uris: [`${url}/`],
        backchannel_logout_uri: `${url}/auth/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
  });
  const sandbox = await startSandbox({
    identityService: { publicKey: provider.publicKey },
    ...options,
  });
  return {
    sandbox,
    provider,
    providerServiceUrl: url,
    close: async () => {
      await sandbox.close();
      await provider.close();
    },
  };
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
