import type { ProviderUser } from './identity-provider.ts';

/** The only user of the demo's service for names and passwords. */
export const DEMO_USER = { name: 'demo', password: 'demo' } as const;

/** Users of the demo's provider, whom the stand-in for Alfresco knows by the same names. */
export const PROVIDER_USERS: readonly ProviderUser[] = [
  { name: 'alice', password: 'alice' },
  { name: 'bob', password: 'bob' },
];

/** The `Authorization` header of a name and password (RFC 7617). */
export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}
