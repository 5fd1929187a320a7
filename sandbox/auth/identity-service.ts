import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { API_DEFAULT, ApiError } from '../rest/api-error.ts';
import { signToken, verifyToken } from './json-web-token.ts';
import type { MappedRequest, RemoteUserMapper } from './remote-user-mapper.ts';

/** An account for a program at the token endpoint. */
export interface OAuth2Client {
  id: string;
  secret: string;
  /** Who Alfresco takes it for. */
  userName: string;
}

/** The identity-service subsystem, in the chain and enabled, and the issuer of tokens that it trusts. */
export interface IdentityServiceSettings {
  /** Clients of the token endpoint, `POST /sandbox/oauth2/token`; default none. */
  clients?: OAuth2Client[];
  /** How long its tokens are valid; default 300. */
  tokenValidSeconds?: number;
  /** Key of another issuer, in PEM: RSA for RS256, EC (P-256) for ES256. */
  publicKey?: string;
  /** The user of a token that no key has signed, undefined if it is not valid either; default none. */
  verify?: (token: string) => string | undefined;
  /** Alfresco's `identity-service.authentication.validation.failure.silent`; default true. */
  failSilently?: boolean;
}

/** Issues tokens and recognises them. The user name is the claim `preferred_username`. */
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

  /** Makes all tokens so far invalid, by another key. */
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
