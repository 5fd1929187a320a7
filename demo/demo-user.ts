/** The only user of the demo's service. */
export const DEMO_USER = { name: 'demo', password: 'demo' } as const;

/** The `Authorization` header of a name and password (RFC 7617). */
export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}
