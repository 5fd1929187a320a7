import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { API_DEFAULT, ApiError } from '../rest/api-error.ts';
import { signToken, verifyToken } from './json-web-token.ts';
import type { MappedRequest, RemoteUserMapper } from './remote-user-mapper.ts';

/** A client of the token endpoint. */
export interface OAuth2Client {
  id: string;
  secret: string;
  /** The Alfresco user that its tokens stand for. */
  userName: string;
}

/** Settings of the identity-service subsystem and of the token issuer that it trusts. */
export interface IdentityServiceSettings {
  /** Clients of the token endpoint, `POST /sandbox/oauth2/token`; default none. */
  clients?: OAuth2Client[];
  /** Lifetime of its tokens; default 300. */
  tokenValidSeconds?: number;
  /** Public key of another trusted issuer, in PEM: RSA for RS256, EC (P-256) for ES256. */
  publicKey?: string;
  /** Called with tokens that no key has signed; returns their user, or undefined if they are invalid. */
  verify?: (token: string) => string | undefined;
  /** Alfresco's `identity-service.authentication.validation.failure.silent`; default true. */
  failSilently?: boolean;
}

/** Issues and verifies tokens, whose user is the claim `preferred_username`. */
export class IdentityService implements RemoteUserMapper {
  readonly clients: readonly OAuth2Client[];
  readonly tokenValidSeconds: number;
  readonly #settings: IdentityServiceSettings;
  readonly #foreignKey: KeyObject | undefined;
  #keys = newKeys();

  constructor(settings: IdentityServiceSettings) {
    this.#settings = settings;
    this.clients = settings.clients ?? [];
    this.tokenValidSeconds = settings.tokenValidSeconds ?? 300;
    this.#foreignKey = settings.publicKey ? createPublicKey(settings.publicKey) : undefined;
  }

  issue(client: OAuth2Client, now = Date.now()): string {
    const issuedAt = now / 1000;
    const claims = {
      iat: issuedAt,
      exp: issuedAt + this.tokenValidSeconds,
      azp: client.id,
      preferred_username: client.userName,
    };
    return signToken(claims, this.#keys.privateKey);
  }

  /** Replaces the signing key, so that every token issued so far is invalid. */
  expireTokens(): void {
    this.#keys = newKeys();
  }

  remoteUser(request: MappedRequest): string | undefined {
    const [, token] = /^bearer +(\S+)$/i.exec(request.header('authorization') ?? '') ?? [];
    if (token === undefined) return undefined;
    const user = this.#userOf(token);
    if (user === undefined && this.#settings.failSilently === false) {
      throw new ApiError(401, API_DEFAULT, {
        summary: 'Failed to decode the access token.',
        cacheHeaders: true,
      });
    }
    return user;
  }

  #userOf(token: string): string | undefined {
    const keys = [this.#keys.publicKey, ...(this.#foreignKey ? [this.#foreignKey] : [])];
    for (const key of keys) {
      const name = verifyToken(token, key)?.preferred_username;
      if (typeof name === 'string' && name !== '') return name;
    }
    return this.#settings.verify?.(token);
  }
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}
