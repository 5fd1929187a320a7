import { type JWTVerifyGetKey, createRemoteJWKSet, errors } from 'jose';
import type { Pacing } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';

const RETRY_AFTER_SECONDS = 5;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/**
 * The keys with which an OpenID provider signs (OpenID Connect Discovery 1.0).
 *
 * Keys are used until they can be replaced, however long the provider is away: the tokens that they verify expire by
 * themselves.
 */
export class ProviderKeys {
  private keys?: KeySet;
  private loading?: Promise<KeySet>;
  private loadedAt = 0;
  private pausedUntil = 0;

  /** @param issuer as in the tokens */
  constructor(
    private readonly issuer: string,
    private readonly pacing: Pacing['auth'],
  ) {}

  /** The key for a token, for `jwtVerify`. @throws ProblemException IDENTITY_PROVIDER_UNAVAILABLE */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    try {
      return await (
        await this.current()
      )(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      throw providerUnavailable(
        error instanceof Error ? `${error.name}: ${error.message}` : undefined,
      );
    }
  };

  private async current(): Promise<KeySet> {
    if (!this.keys) return this.load();
    // Not waited for: the old keys serve until the new ones are there.
    if (Date.now() > this.loadedAt + this.pacing.keyRefreshMs) this.load().catch(() => {});
    return this.keys;
  }

  private load(): Promise<KeySet> {
    if (Date.now() < this.pausedUntil) {
      return Promise.reject(new Error('the provider failed a moment ago'));
    }
    this.loading ??= this.fetchKeys().finally(() => (this.loading = undefined));
    return this.loading;
  }

  private async fetchKeys(): Promise<KeySet> {
    const { providerTimeoutMs, keyCoolDownMs } = this.pacing;
    try {
      const keys = createRemoteJWKSet(await discoverKeys(this.issuer, providerTimeoutMs), {
        timeoutDuration: providerTimeoutMs,
        cooldownDuration: keyCoolDownMs,
        cacheMaxAge: Infinity,
      });
      await keys.reload();
      this.loadedAt = Date.now();
      return (this.keys = keys);
    } catch (error) {
      // Until then, requests fail at once, without another fetch.
      this.pausedUntil = Date.now() + this.pacing.providerPauseMs;
      throw error;
    }
  }
}

/** Whether the keys are there, but none of them fits the token: the caller's fault, and not the provider's. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

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

/** Where the keys are. @throws Error */
export async function discoverKeys(issuer: string, timeoutMs: number): Promise<URL> {
  const { jwks_uri: keys } = await discoverEndpoints(issuer, timeoutMs, ['jwks_uri']);
  return keys;
}

/** Addresses that the provider names. @throws Error when it names one of them not, or does not respond */
export async function discoverEndpoints<Name extends string>(
  issuer: string,
  timeoutMs: number,
  names: readonly Name[],
): Promise<Record<Name, URL>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) throw new Error(`discovery responded ${response.status}`);
  const document = (await response.json()) as Record<string, unknown> | null;
  // Discovery, section 4.3: it must be the same, or another provider's keys would be taken for this one's.
  if (document?.issuer !== issuer) throw new Error('discovery names another issuer');
  const found = names.map((name) => {
    const endpoint = URL.parse(String(document[name]));
    if (endpoint && isAsSafe(endpoint, new URL(issuer))) return [name, endpoint] as const;
    throw new Error(`discovery names no ${name}`);
  });
  return Object.fromEntries(found) as Record<Name, URL>;
}

function isAsSafe({ protocol }: URL, issuer: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && issuer.protocol === 'http:');
}

/** The provider is away, or does not do its part. @param diagnosis for the log */
export function providerUnavailable(diagnosis: string | undefined): ProblemException {
  return new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE', {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    diagnosis,
  });
}
