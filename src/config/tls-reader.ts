import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto';
import type { TlsConfig } from './app-config.js';
import type { Environment } from './environment.js';
import { readTextFile } from './text-file.js';

type TlsVariable = 'ALFRESCO_CA_FILE' | 'ALFRESCO_CLIENT_CERT_FILE' | 'ALFRESCO_CLIENT_KEY_FILE';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Certificates and key from the files that the environment names. What is wrong is added to `problems`,
 * never with a line of a file, which may be a key in the wrong place.
 */
export function readTls(environment: Environment, problems: string[]): TlsConfig | undefined {
  const ca = readPem(environment, 'ALFRESCO_CA_FILE', parseCertificates, problems);
  const cert = readPem(environment, 'ALFRESCO_CLIENT_CERT_FILE', parseCertificates, problems);
  const key = readPem(environment, 'ALFRESCO_CLIENT_KEY_FILE', parseKey, problems);
  if (cert && key && !cert.parsed.checkPrivateKey(key.parsed)) {
    problems.push('ALFRESCO_CLIENT_KEY_FILE: is not the key of ALFRESCO_CLIENT_CERT_FILE');
  }
  if (!ca && !cert) return undefined;
  return {
    ...(ca && { ca: ca.text }),
    ...(cert && key && { client: { cert: cert.text, key: key.text } }),
  };
}

function readPem<T>(
  environment: Environment,
  variable: TlsVariable,
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
      variable === 'ALFRESCO_CLIENT_KEY_FILE'
        ? 'a private key in PEM without a passphrase'
        : 'certificates in PEM';
    problems.push(`${variable}="${path}": the file must hold ${wanted}`);
    return undefined;
  }
}

/** The first certificate, after all of them have been looked at. */
function parseCertificates(text: string): X509Certificate {
  const [first] = (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  if (!first) throw new Error('no certificate');
  return first;
}

function parseKey(text: string): KeyObject {
  return createPrivateKey(text);
}
