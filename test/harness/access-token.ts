import { createHash, randomBytes } from 'node:crypto';
import { LoginClient } from './login-client.js';
import { CLIENT_ID, PASSWORDS, type SessionSetting } from './session-setting.js';

/** An access token of a user, as a program gets it that logs its user in at the provider by itself. */
export async function accessToken(
  { provider, url, variables }: SessionSetting,
  name: keyof typeof PASSWORDS,
): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const redirectUri = `${url}/auth/callback`;
  const authorization = new URL(`${provider.issuer}/auth`);
  authorization.search = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const client = new LoginClient(url);
  const { headers } = await client.fetch(authorization);
  const page = new URL(headers.get('location')!, provider.issuer);
  const callback = await client.submit(page, name, PASSWORDS[name]);
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code')!,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${variables.OIDC_CLIENT_SECRET}`)}` },
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token: ${response.status}`);
  return token;
}

/** Claims of a token that is a JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}
