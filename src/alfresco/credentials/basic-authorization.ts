/** Value of an `Authorization` header (RFC 7617, UTF-8). Never to be logged. */
export function basicAuthorization(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`, 'utf8').toString('base64')}`;
}
