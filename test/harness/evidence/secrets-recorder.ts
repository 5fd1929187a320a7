import { subscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { FRESH_CREDENTIALS } from '../callers.js';
import { keep } from './evidence.js';

/** Shorter ones may be part of other words. */
const MIN_LENGTH = 10;

const known = new Set<string>();

/**
 * Records every secret that a test or a service sends: from the requests that servers of this process receive (those to
 * the service and to Alfresco), and from those of `fetch`, which may go to a service in a child process. This module is
 * loaded once per worker, however many test files it runs.
 */
subscribe('http.server.request.start', (message) => {
  const { headers, url = '' } = (message as { request: IncomingMessage }).request;
  recordHeaders(headers);
  recordQuery(url);
});

subscribe('undici:request:create', (message) => {
  const { headers, path } = (message as { request: { headers: string[]; path: string } }).request;
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    pairs.push([String(headers[at]).toLowerCase(), String(headers[at + 1])]);
  }
  recordHeaders(Object.fromEntries(pairs));
  recordQuery(path);
});

function recordHeaders(headers: IncomingHttpHeaders): void {
  const [scheme = '', credentials] = headers.authorization?.split(/ +/) ?? [];
  // One secret for all of them: the search looks for each.
  const isFresh = credentials?.endsWith(FRESH_CREDENTIALS);
  record('credentials', isFresh ? FRESH_CREDENTIALS : credentials);
  if (scheme.toLowerCase() === 'basic' && credentials !== undefined) {
    record(
      'password',
      Buffer.from(credentials, 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, ''),
    );
  }
  for (const pair of headers.cookie?.split(';') ?? []) {
    record('cookie', pair.slice(pair.indexOf('=') + 1));
  }
  // Its quotes belong to the header, not to the key.
  record('idempotency key', headers['idempotency-key']?.toString().replaceAll('"', ''));
}

function recordQuery(target: string): void {
  const query = new URLSearchParams(/\?(.*)$/s.exec(target)?.[1]);
  for (const name of ['link', 'alf_ticket', 'code']) record(name, query.get(name) ?? undefined);
}

function record(kind: string, value: string | undefined): void {
  if (value === undefined || value.length < MIN_LENGTH || known.has(value)) return;
  known.add(value);
  keep('secrets', `${JSON.stringify({ kind, value })}\n`);
}
