import { sign, verify, type KeyObject } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

/** The algorithm is determined by the kind of key, never by the token's own header (RFC 8725, section 3.1). */
const ALGORITHMS: Readonly<Record<string, string>> = { ec: 'ES256', rsa: 'RS256' };

/** A compact JWS (RFC 7515) of these claims. */
export function signToken(claims: Claims, key: KeyObject): string {
  const header = { alg: ALGORITHMS[key.asymmetricKeyType ?? ''], typ: 'JWT' };
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The claims of a token that this key has signed and that is valid now; undefined otherwise. */
export function verifyToken(token: string, key: KeyObject, now = Date.now()): Claims | undefined {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || decode(header)?.alg !== ALGORITHMS[key.asymmetricKeyType ?? '']) {
    return undefined;
  }
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)) return undefined;
  const claims = decode(payload);
  const isCurrent =
    typeof claims?.exp === 'number' &&
    claims.exp * 1000 > now &&
    (typeof claims.nbf !== 'number' || claims.nbf * 1000 <= now);
  return isCurrent ? claims : undefined;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Claims;
  } catch {
    return undefined;
  }
}
