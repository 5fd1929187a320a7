import { once } from 'node:events';
import { isIP } from 'node:net';
import { type TLSSocket, connect } from 'node:tls';
import type { AlfrescoConfig } from '../config/app-config.js';
import { type Findings, measured } from './findings.js';

const SUBJECT = 'alfresco: TLS';
const DAY_MS = 86_400_000;
/** Days; time enough to get another certificate. */
const SOON = 21;

/** What to do about a certificate, by the code of OpenSSL or of Node.js. */
const ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'renew the certificate of Alfresco, or of the proxy in front of it',
  CERT_NOT_YET_VALID: 'set the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a name of the certificate in ALFRESCO_URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'put the certificate into a file and name it in ALFRESCO_CA_FILE',
};

/** Who vouches for an Alfresco behind https, and for how long. @returns whether calls will get through */
export async function checkTls(config: AlfrescoConfig, findings: Findings): Promise<boolean> {
  if (!config.url.startsWith('https:')) {
    findings.skip(SUBJECT, 'http: nothing on the way to Alfresco is encrypted');
    return true;
  }
  try {
    const { result: socket, durationMs } = await measured(() => handshake(config));
    const isTrusted = report(socket, durationMs, findings);
    socket.destroy();
    return isTrusted;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
    findings.fail(SUBJECT, code, 'check host and port of ALFRESCO_URL, and that https is there');
    return false;
  }
}

/** Without a request: the certificate is looked at, and nothing is sent to a host that is not trusted. */
async function handshake(config: AlfrescoConfig): Promise<TLSSocket> {
  const { hostname, port } = new URL(config.url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({
    host,
    port: Number(port || 443),
    // RFC 6066, section 3: no addresses.
    ...(isIP(host) === 0 && { servername: host }),
    ca: config.tls?.ca,
    ...config.tls?.client,
    rejectUnauthorized: false,
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(config.connectTimeoutMs) });
    return socket.on('error', () => {});
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}

function report(socket: TLSSocket, durationMs: number, findings: Findings): boolean {
  const { issuer, valid_to: end } = socket.getPeerCertificate();
  const signer = issuer?.CN ?? issuer?.O ?? 'unknown';
  const days = Math.floor((Date.parse(end) - Date.now()) / DAY_MS);
  const seen = `${socket.getProtocol()}, signed by ${String(signer)}, valid for ${days} days`;
  if (!socket.authorized) {
    // A code, in spite of its type.
    const code = String(socket.authorizationError);
    const advice = ADVICE[code] ?? 'name a file with the CA that signed it in ALFRESCO_CA_FILE';
    findings.fail(SUBJECT, `${code}: ${seen}`, advice);
    return false;
  }
  if (days < SOON) findings.warn(SUBJECT, seen, 'renew the certificate', durationMs);
  else findings.ok(SUBJECT, seen, durationMs);
  return true;
}
