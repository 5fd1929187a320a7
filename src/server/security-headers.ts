/**
 * Headers of every answer, which tell a browser what it must not do with it. They do not include
 * Strict-Transport-Security: the service speaks plain HTTP, where that must not be sent (RFC 6797, section 7.2), and it
 * would bind every port of the host.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  // What Swagger UI at `/docs` needs from this origin; it sets styles from its script.
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';'),
  'Cross-Origin-Opener-Policy': 'same-origin',
  // Concerns requests without CORS only: the origins of CORS_ORIGINS read answers all the same.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  // A signed link is a secret in an address.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
};
