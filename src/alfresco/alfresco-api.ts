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

/** Alfresco's column for ids has 36 characters; stock ids such as `tag:tag-root` are no UUIDs. */
const NODE_ID = /^(?!\.+$)[A-Za-z0-9._:-]{1,36}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What is allowed, as a source for JSON Schema. */
export const NODE_ID_PATTERN = NODE_ID.source;

/** In words, for error messages. */
export const NODE_ID_RULE = '1 to 36 characters of [A-Za-z0-9._:-], not only dots';

/** Whether the text may be sent to Alfresco as an id, in a path or in a body. */
export function isNodeId(text: string): boolean {
  return NODE_ID.test(text);
}

/** UUIDs in lower case, as Alfresco makes them; other ids are case-sensitive and stay. */
export function normalizeNodeId(id: string): string {
  return UUID.test(id) ? id.toLowerCase() : id;
}
