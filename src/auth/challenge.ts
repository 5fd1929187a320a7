import type { IncomingHttpHeaders } from 'node:http';
import type { AuthConfig } from '../config/app-config.js';
import { alfrescoTenant } from './tickets/tickets-path.js';

/** How callers may log in, as `Authorization` names it, in lower case. */
export type Scheme = AuthConfig['schemes'][number];

/** `WWW-Authenticate` of a 401 for a request with these headers. */
export type Challenge = (headers: IncomingHttpHeaders) => string;

/** Injection token of the `Challenge`. */
export const CHALLENGE = Symbol('CHALLENGE');

const REALM = 'realm="alfresco-downloads"';

/** The scheme of an `Authorization` header, in lower case (RFC 9110, section 11.1). */
export function schemeOf(authorization: string | undefined): string | undefined {
  return authorization?.split(' ', 1)[0]?.toLowerCase();
}

/**
 * Under Alfresco's own path the challenge is Alfresco's, whose clients expect it: browsers do not know the scheme, and open no
 * login window over a page. Elsewhere there is one challenge for each accepted scheme.
 *
 * Basic (RFC 7617, section 2.1): a script that says so gets a scheme no browser knows; for `Basic` the browser
 * would open its own login window over the web application. Bearer (RFC 6750, section 3.1): the error is named
 * only to a caller who sent a token.
 */
export function challengeFor(schemes: readonly Scheme[], apiPrefix: string): Challenge {
  const tenant = alfrescoTenant(apiPrefix);
  if (tenant !== undefined) return () => `AlfTicket realm="Alfresco ${tenant} tenant"`;
  return (headers) =>
    schemes
      .map((scheme) => (scheme === 'basic' ? basicChallenge(headers) : bearerChallenge(headers)))
      .join(', ');
}

function basicChallenge(headers: IncomingHttpHeaders): string {
  const isScript = headers['x-requested-with']?.toString().toLowerCase() === 'xmlhttprequest';
  return `${isScript ? 'xBasic' : 'Basic'} ${REALM}, charset="UTF-8"`;
}

function bearerChallenge({ authorization }: IncomingHttpHeaders): string {
  return `Bearer ${REALM}${schemeOf(authorization) === 'bearer' ? ', error="invalid_token"' : ''}`;
}
