import { VERSION } from '../config/version.js';
import type { AlfrescoConfig } from '../config/app-config.js';
/** Injection token of the `AlfrescoConfig`. */
export const ALFRESCO_CONFIG = Symbol('ALFRESCO_CONFIG');

/** Path of one of Alfresco's public APIs on its host. */
export function apiPath(
  { url, tenant }: AlfrescoConfig,
  api: 'alfresco' | 'authentication',
): string {
  const root = new URL(url).pathname.replace(/\/$/, '');
  return `${root}/api/${tenant}/public/${api}/versions/1`;
}

const USER_AGENT = `alfresco-downloads-bff/${VERSION}`;

/** What every request says, apart from credentials. */
export function requestHeaders(accept: string): Record<string, string> {
  return {
    Accept: accept,
    // Error keys are read; Alfresco translates some of them.
    'Accept-Language': 'en',
    'Accept-Encoding': 'identity',
    'User-Agent': USER_AGENT,
  };
}

/** What a request for JSON says. */
export function jsonHeaders(): Record<string, string> {
  return requestHeaders('application/json');
}
