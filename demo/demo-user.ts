/** The caller that the demo's service knows. */
export const DEMO_USER = { name: 'demo', password: 'demo' } as const;

/** `Authorization` of name and password (RFC 7617). */
export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}
