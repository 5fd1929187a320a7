import { getCACertificates } from 'node:tls';
import type { TlsConfig } from '../../config/app-config.js';

/**
 * Authorities for other hosts than Alfresco: those of Node, and those configured for Alfresco. An identity
 * provider may be signed by either, and `ca` alone would replace Node's list.
 */
export function trustedAuthorities(tls: TlsConfig | undefined): string | undefined {
  return tls?.ca && [...getCACertificates('default'), tls.ca].join('\n');
}
