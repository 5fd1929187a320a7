import type { IncomingHttpHeaders } from 'node:http';

/** `WWW-Authenticate` of a 401 for a request with these headers. */
export type Challenge = (headers: IncomingHttpHeaders) => string;

/** Injection token of the `Challenge`. An application that embeds the API has none: how to log in is up to it. */
export const CHALLENGE = Symbol('CHALLENGE');
