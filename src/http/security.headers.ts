import type { SecurityHeadersOptions } from '@nestjs/common';

/**
 * Headers that tell a browser what it must not do with an answer.
 *
 * The policy is what Swagger UI at `/docs` needs from this origin; it sets styles from its script.
 * `upgrade-insecure-requests`, a default of Nest, would break it where the service is used over plain HTTP.
 */
export const SECURITY_HEADERS: SecurityHeadersOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: "'none'",
      scriptSrc: "'self'",
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: "'self'",
      baseUri: "'none'",
      formAction: "'none'",
      frameAncestors: "'none'",
    },
  },
  // A signed link is a secret in an address.
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
  // Concerns requests without CORS only: the origins of CORS_ORIGINS read answers all the same.
  crossOriginResourcePolicy: { policy: 'same-origin' },
  // The service speaks plain HTTP, where the header must not be sent (RFC 6797, section 7.2). It would bind
  // every port of the host: that is for whatever ends TLS to decide.
  strictTransportSecurity: false,
};
