import { VERSION } from '../config/version.js';

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
