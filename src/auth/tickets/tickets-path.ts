import type { AppConfig } from '../../config/app-config.js';

/** How `API_PREFIX` ends where Alfresco's clients find the API: behind the tenant. */
const ALFRESCO_API = /(^|\/)public\/alfresco\/versions\/1$/;

/**
 * Where Alfresco's clients log in: they derive it from the same host, context root and tenant as the path of the API.
 * `undefined` where they would not find the API either, or where no login is needed.
 */
export function ticketsPath({ http, auth }: Pick<AppConfig, 'http' | 'auth'>): string | undefined {
  if (!ALFRESCO_API.test(http.apiPrefix) || auth.schemes.length === 0) return undefined;
  return http.apiPrefix.replace(ALFRESCO_API, '$1public/authentication/versions/1');
}

/** The tenant in the path of the API, `-default-` mostly; `undefined` where the path is not Alfresco's. */
export function alfrescoTenant(apiPrefix: string): string | undefined {
  if (!ALFRESCO_API.test(apiPrefix)) return undefined;
  return /([^/]+)\/public\/alfresco\/versions\/1$/.exec(apiPrefix)?.[1] ?? '-default-';
}
