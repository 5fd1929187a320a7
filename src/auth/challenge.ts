import type { IncomingHttpHeaders } from 'node:http';
import type { AuthConfig } from '../config/app-config.js';
import type { Challenge } from '../problems/problem.filter.js';
import { alfrescoTenant } from './tickets/tickets-path.js';

/** How callers may log in, as `Authorization` names it, in lower case. */
export type Scheme = AuthConfig['schemes'][number];

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
 * only to a caller who sent a token. Cookie: no scheme of HTTP, but a 401 has to name one; where there is a log-in for browsers,
 * none of them is to open a window, which they tell by `Sec-Fetch-Mode`.
 */
export function challengeFor(schemes: readonly Scheme[], apiPrefix: string): Challenge {
  const tenant = alfrescoTenant(apiPrefix);
  if (tenant !== undefined) return () => `AlfTicket realm="Alfresco ${tenant} tenant"`;
  const hasLogin = schemes.includes('session');
  return (headers) =>
    schemes
      .map((scheme) => {
        if (scheme === 'session') return `Cookie ${REALM}`;
        return scheme === 'basic' ? basicChallenge(headers, hasLogin) : bearerChallenge(headers);
      })
      .join(', ');
}

function basicChallenge(headers: IncomingHttpHeaders, hasLogin: boolean): string {
  const isScript =
    headers['x-requested-with']?.toString().toLowerCase() === 'xmlhttprequest' ||
    (hasLogin && headers['sec-fetch-mode'] !== undefined);
  return `${isScript ? 'xBasic' : 'Basic'} ${REALM}, charset="UTF-8"`;
}

function bearerChallenge({ authorization }: IncomingHttpHeaders): string {
  return `Bearer ${REALM}${schemeOf(authorization) === 'bearer' ? ', error="invalid_token"' : ''}`;
}
