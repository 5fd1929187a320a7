import type { AppConfig } from './config/app-config.js';

/** Says on the standard output, once, that the service takes requests, and where. */
export function announce({ http, docs }: AppConfig, address: string): void {
  const base = `${address}${http.apiPrefix && `/${http.apiPrefix}`}`;
  console.log(`alfresco-downloads-bff listens on ${base}${docs ? ` (docs: ${base}/docs)` : ''}`);
}
