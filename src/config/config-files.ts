import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientKey, TlsConfig } from './app-config.js';
import { type Environment, FILE_VARIABLES } from './environment.js';

// All functions here read what the environment names files for: secrets, users, certificates. A failure is added to
// `problems` and never quotes a file, which may be another one than was meant: a key, say.

type Users = ReadonlyMap<string, string>;

const BCRYPT = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

type PemVariable =
  | 'ALFRESCO_CA_FILE'
  | 'ALFRESCO_CLIENT_CERT_FILE'
  | 'ALFRESCO_CLIENT_KEY_FILE'
  | 'OIDC_CLIENT_KEY_FILE';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The variables, with the value of `NAME` from the file that `NAME_FILE` names. */
export function readFileVariables(
  given: Record<string, string>,
  problems: string[],
): Record<string, string> {
  const merged = { ...given };
  for (const name of FILE_VARIABLES) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    if (given[name] !== undefined) problems.push(`${name} and ${name}_FILE: give one, not both`);
    const text = readTextFile(`${name}_FILE`, path, problems);
    // A secret mounted as a file usually ends with the newline of the editor that wrote it.
    // An unreadable file has its own problem; that the value is missing, too, would be misleading.
    merged[name] = text?.replace(/\r?\n$/, '') ?? 'unreadable';
  }
  return merged;
}

/** Names with their bcrypt hashes; empty without `AUTH=basic`. */
export function readUsers({ AUTH, USERS, USERS_FILE }: Environment, problems: string[]): Users {
  if (!AUTH.includes('basic')) return new Map();
  if (USERS !== undefined && USERS_FILE !== undefined) {
    problems.push('USERS and USERS_FILE: give one, not both');
  } else if (USERS !== undefined) {
    return parseUserList(USERS, problems);
  } else if (USERS_FILE !== undefined) {
    const text = readTextFile('USERS_FILE', USERS_FILE, problems);
    return text === undefined ? new Map() : parseHtpasswd(text, problems);
  } else {
    problems.push(
      'USERS_FILE: is required for basic authentication: an htpasswd file (htpasswd -B -C 12), or USERS=name:bcrypt,...; ' +
        'a service open to everyone must say AUTH=none',
    );
  }
  return new Map();
}

/** Users from the text of an htpasswd file: `name:bcrypt` a line, blank lines and `#` comments skipped. */
export function parseHtpasswd(text: string, problems: string[]): Users {
  const entries = text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.trim(), place: `USERS_FILE, line ${index + 1}` }))
    .filter((entry) => entry.text !== '' && !entry.text.startsWith('#'));
  return collectUsers(entries, 'USERS_FILE', problems);
}

/** Users from `name:bcrypt,name:bcrypt`. */
export function parseUserList(text: string, problems: string[]): Users {
  const entries = text
    .split(',')
    .map((entry, index) => ({ text: entry.trim(), place: `USERS, entry ${index + 1}` }))
    .filter((entry) => entry.text !== '');
  return collectUsers(entries, 'USERS', problems);
}

function collectUsers(
  entries: readonly { text: string; place: string }[],
  variable: string,
  problems: string[],
): Users {
  const users = new Map<string, string>();
  for (const { text, place } of entries) {
    const colon = text.indexOf(':');
    const name = text.slice(0, colon);
    const hash = text.slice(colon + 1);
    if (colon < 1) problems.push(`${place}: must be name:bcrypt`);
    else if (!BCRYPT.test(hash)) {
      problems.push(
        `${place}: the hash of "${name}" is not bcrypt (make one with htpasswd -B -C 12)`,
      );
    } else if (users.has(name)) problems.push(`${place}: "${name}" is listed twice`);
    // crypt_blowfish's $2y$ (what htpasswd writes) is the same algorithm as OpenBSD's $2b$, the only name bcrypt knows.
    else users.set(name, hash.replace(/^\$2y\$/, '$2b$'));
  }
  if (entries.length === 0) problems.push(`${variable}: has no user`);
  return users;
}

/** Certificates and key for the connection to Alfresco, in PEM. */
export function readTls(environment: Environment, problems: string[]): TlsConfig | undefined {
  const ca = readPem(environment, 'ALFRESCO_CA_FILE', parseCertificates, problems);
  const cert = readPem(environment, 'ALFRESCO_CLIENT_CERT_FILE', parseCertificates, problems);
  const key = readPem(environment, 'ALFRESCO_CLIENT_KEY_FILE', createPrivateKey, problems);
  if (cert && key && !cert.parsed.checkPrivateKey(key.parsed)) {
    problems.push('ALFRESCO_CLIENT_KEY_FILE: is not the key of ALFRESCO_CLIENT_CERT_FILE');
  }
  if (!ca && !cert) return undefined;
  return {
    ...(ca && { ca: ca.text }),
    ...(cert && key && { client: { cert: cert.text, key: key.text } }),
  };
}

/** By the curve, or by the type of a key without one: what providers know best (RFC 7518, section 3.1; RFC 9864). */
const ALGORITHM_OF: Readonly<Record<string, string>> = {
  rsa: 'RS256',
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
  ed25519: 'Ed25519',
};
/** RFC 7518, section 3.3. */
const MIN_RSA_BITS = 2048;

/** The key with which this service proves to the OpenID provider which client it is. */
export function readClientKey(environment: Environment, problems: string[]): ClientKey | undefined {
  const variable = 'OIDC_CLIENT_KEY_FILE';
  const key = readPem(environment, variable, createPrivateKey, problems)?.parsed;
  if (!key) return undefined;
  const { namedCurve, modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails ?? {};
  const algorithm = ALGORITHM_OF[namedCurve ?? String(key.asymmetricKeyType)];
  if (algorithm === undefined || modulusLength < MIN_RSA_BITS) {
    problems.push(
      `${variable}="${environment[variable]}": must be a key of RSA with at least ${MIN_RSA_BITS} bits, P-256, P-384, P-521 or Ed25519`,
    );
    return undefined;
  }
  // It may be in PKCS #1 or SEC 1, too.
  return { pem: key.export({ type: 'pkcs8', format: 'pem' }).toString(), algorithm };
}

function readPem<T extends KeyObject | X509Certificate>(
  environment: Environment,
  variable: PemVariable,
  parse: (text: string) => T,
  problems: string[],
): { text: string; parsed: T } | undefined {
  const path = environment[variable];
  if (path === undefined) return undefined;
  const text = readTextFile(variable, path, problems);
  if (text === undefined) return undefined;
  try {
    return { text, parsed: parse(text) };
  } catch {
    const wanted =
      parse === (createPrivateKey as unknown)
        ? 'a private key in PEM without a passphrase'
        : 'certificates in PEM';
    problems.push(`${variable}="${path}": the file must hold ${wanted}`);
    return undefined;
  }
}

/** The first certificate, once all of them have been parsed. */
function parseCertificates(text: string): X509Certificate {
  const [first] = (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  if (!first) throw new Error('no certificate');
  return first;
}

function readTextFile(variable: string, path: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push(`${variable}="${path}": the file cannot be read (${reason})`);
    return undefined;
  }
}
