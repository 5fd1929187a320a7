import type { IncomingHttpHeaders } from 'node:http';

const PARAMETERS = 'realm="alfresco-downloads", charset="UTF-8"';

/**
 * `WWW-Authenticate` of a 401 (RFC 7617, section 2.1). A script that says so gets a scheme no browser
 * knows: for `Basic` the browser would open its own login window over the web application.
 */
export function challenge(headers: IncomingHttpHeaders): string {
  const isScript = headers['x-requested-with']?.toString().toLowerCase() === 'xmlhttprequest';
  return `${isScript ? 'xBasic' : 'Basic'} ${PARAMETERS}`;
}
