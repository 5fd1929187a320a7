import { subscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { keep } from './evidence.js';

/** What is shorter may be part of anything. */
const MIN_LENGTH = 10;

const known = new Set<string>();

/**
 * Notes every secret that a test or a service sends: by the requests that reach a server of this process, which are those
 * to the service and those to Alfresco, and by those of `fetch`, which may go to a service in a process of its own. This
 * module is loaded once in a worker, however many test files it runs.
 */
subscribe('http.server.request.start', (message) => {
  const { headers, url = '' } = (message as { request: IncomingMessage }).request;
  noteHeaders(headers);
  noteQuery(url);
});

subscribe('undici:request:create', (message) => {
  const { headers, path } = (message as { request: { headers: string[]; path: string } }).request;
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    pairs.push([String(headers[at]).toLowerCase(), String(headers[at + 1])]);
  }
  noteHeaders(Object.fromEntries(pairs));
  noteQuery(path);
});

function noteHeaders(headers: IncomingHttpHeaders): void {
  const [scheme = '', credentials] = headers.authorization?.split(/ +/) ?? [];
  note('credentials', credentials);
  if (scheme.toLowerCase() === 'basic' && credentials !== undefined) {
    note(
      'password',
      Buffer.from(credentials, 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, ''),
    );
  }
  note('cookie', headers.cookie);
  // Its quotes belong to the header, not to the key.
  note('idempotency key', headers['idempotency-key']?.toString().replaceAll('"', ''));
}

function noteQuery(target: string): void {
  const query = new URLSearchParams(/\?(.*)$/s.exec(target)?.[1]);
  for (const name of ['link', 'alf_ticket']) note(name, query.get(name) ?? undefined);
}

function note(kind: string, value: string | undefined): void {
  if (value === undefined || value.length < MIN_LENGTH || known.has(value)) return;
  known.add(value);
  keep('secrets', `${JSON.stringify({ kind, value })}\n`);
}
