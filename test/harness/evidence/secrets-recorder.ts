import { subscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { FRESH_CREDENTIALS } from '../callers.js';
import { keep } from './evidence.js';

/** Shorter ones may be part of other words. */
const MIN_LENGTH = 10;

const FORM = 'application/x-www-form-urlencoded';
/** Of the forms that the service sends to an OpenID provider. */
const SENT_TO_PROVIDERS = ['code_verifier', 'refresh_token', 'client_assertion', 'subject_token'];

const known = new Set<string>();

/**
 * Records every secret that a test or a service sends: from the requests that servers of this process receive (those to
 * the service and to Alfresco), and from those of `fetch`, which may go to a service in a child process or to a provider. This module is
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

subscribe('undici:request:bodyChunkSent', (message) => {
  const { request, chunk } = message as {
    request: { headers: string[] };
    chunk: Uint8Array | string;
  };
  if (!request.headers.some((text) => text.startsWith(FORM))) return;
  recordFields(
    new URLSearchParams(Buffer.from(chunk as Uint8Array).toString('utf8')),
    SENT_TO_PROVIDERS,
  );
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
  recordFields(query, ['link', 'alf_ticket', 'code', 'state']);
}

function recordFields(fields: URLSearchParams, names: readonly string[]): void {
  for (const name of names) record(name, fields.get(name) ?? undefined);
}

function record(kind: string, value: string | undefined): void {
  if (value === undefined || value.length < MIN_LENGTH || known.has(value)) return;
  known.add(value);
  keep('secrets', `${JSON.stringify({ kind, value })}\n`);
}
