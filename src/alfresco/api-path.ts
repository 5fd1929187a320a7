import type { AlfrescoConfig } from '../config/app-config.js';

/** Path of one of Alfresco's public APIs on its host. */
export function apiPath(
  { url, tenant }: AlfrescoConfig,
  api: 'alfresco' | 'authentication',
): string {
  const root = new URL(url).pathname.replace(/\/$/, '');
  return `${root}/api/${tenant}/public/${api}/versions/1`;
}
