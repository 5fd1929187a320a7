import { createRemoteJWKSet } from 'jose';
import { discoverEndpoints } from '../auth/provider-discovery.js';
import type { AppConfig } from '../config/app-config.js';
import { type Findings, measured } from './findings.js';

const SUBJECT = 'provider';

/** The OpenID provider, and what logging in there needs. Nobody is logged in. */
export async function checkProvider(config: AppConfig, findings: Findings): Promise<void> {
  const { oidc, session } = config.auth;
  const issuer = (oidc ?? session)?.issuer;
  if (issuer === undefined) return;
  const endpoints = session
    ? (['jwks_uri', 'authorization_endpoint', 'token_endpoint'] as const)
    : (['jwks_uri'] as const);
  try {
    const { providerTimeoutMs } = config.pacing.auth;
    const { result, durationMs } = await measured(() =>
      discoverEndpoints(issuer, providerTimeoutMs, endpoints),
    );
    findings.ok(SUBJECT, `discovered at ${issuer}`, durationMs);
    await checkKeys(result.jwks_uri, providerTimeoutMs, findings);
  } catch (error) {
    const code = codeOf(error);
    const advice =
      code === undefined
        ? 'OIDC_ISSUER must be "issuer" of its /.well-known/openid-configuration, letter by letter'
        : 'check host and port of OIDC_ISSUER, and that the provider can be reached from here';
    findings.fail(SUBJECT, code ?? (error as Error).message, advice);
  }
  if (oidc) {
    const advice = `look into a token of the provider: "aud" must contain "${oidc.audience}", and "${oidc.usernameClaim}" the name`;
    findings.skip('provider: audience', 'needs the token of a caller', advice);
  }
  if (session) {
    const advice = `register ${session.publicUrl}/auth/callback there`;
    findings.skip('provider: redirect URI', 'only the provider knows', advice);
  }
}

async function checkKeys(url: URL, timeoutDuration: number, findings: Findings): Promise<void> {
  const keys = createRemoteJWKSet(url, { timeoutDuration });
  await keys.reload();
  const count = keys.jwks()?.keys.length ?? 0;
  if (count > 0) findings.ok('provider: keys', `${count} published`);
  else findings.fail('provider: keys', 'none is published', 'check the provider');
}

/** Why no response has arrived: `fetch` has it in the cause of its error. */
function codeOf(error: unknown): string | undefined {
  const { cause } = error as Error & { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : undefined;
}
