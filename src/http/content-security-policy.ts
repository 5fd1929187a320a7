/**
 * The sources that a page of the service may use: those that Swagger UI needs, whose script sets styles.
 *
 * @param addresses to which its scripts may connect as well
 */
export function contentSecurityPolicy(...addresses: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...addresses].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}
