import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StringFinder } from './string-finder.js';

/** A secret in a place that operators read. */
export interface Secret {
  readonly kind: string;
  readonly value: string;
}

/** Text of one of these shapes is a secret, known or not. */
const SHAPES: readonly { readonly kind: string; readonly shape: RegExp }[] = [
  { kind: 'ticket', shape: /TICKET_/ },
  { kind: 'hash of a password', shape: /\$2[aby]\$\d\d\$/ },
  { kind: 'token', shape: /\beyJ[\w-]+\.[\w-]+\./ },
  { kind: 'credentials', shape: /\b(?:Basic|Bearer) [\w.~+/=-]{8,}/ },
  { kind: 'header', shape: /\b(?:authorization|set-cookie|idempotency-key)[\\"']*\s*[:=]/i },
  // The payload of a link is a JSON array that begins with a time in milliseconds.
  { kind: 'signed link', shape: /\blink=|\bWzE[\w-]+\.[\w-]{43}/ },
  // What the service had to redact should not have reached its log in the first place.
  { kind: 'redaction', shape: /\[redacted\]/i },
];

/** Names of the files that are searched. */
const EVIDENCE = /^(?:log|metrics|traces)/;

/** Returns the kind, file and line of each secret found. The files of recorded secrets are not searched. */
export async function searchEvidence(
  directory: string,
  secrets: readonly Secret[],
): Promise<string[]> {
  const kinds = new Map(
    secrets.flatMap(({ kind, value }) => spellingsOf(value).map((spelling) => [spelling, kind])),
  );
  const finder = new StringFinder(kinds.keys());
  const found: string[] = [];
  for (const file of await filesOf(directory, EVIDENCE)) {
    const text = await readFile(join(directory, file), 'utf8');
    for (const [spelling, at] of finder.find(text)) {
      found.push(describe(kinds.get(spelling)!, file, text, at));
    }
    for (const { kind, shape } of SHAPES) {
      const at = text.search(shape);
      if (at >= 0) found.push(describe(kind, file, text, at));
    }
  }
  return found;
}

/** The secrets that `secrets-recorder.ts` has recorded. */
export async function recordedSecrets(directory: string): Promise<Secret[]> {
  const texts = await Promise.all(
    (await filesOf(directory, /^secrets/)).map((file) => readFile(join(directory, file), 'utf8')),
  );
  const lines = new Set(texts.flatMap((text) => text.trimEnd().split('\n')));
  return [...lines].map((line) => JSON.parse(line) as Secret);
}

async function filesOf(directory: string, name: RegExp): Promise<string[]> {
  return (await readdir(directory)).filter((file) => name.test(file));
}

/** Verbatim, escaped for JSON, and encoded for a URL. */
function spellingsOf(value: string): string[] {
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
}

function describe(kind: string, file: string, text: string, at: number): string {
  const start = Math.max(text.lastIndexOf('\n', at) + 1, at - 200);
  return `${kind} in ${file}: ${text.slice(start, at + 200).split('\n', 1)[0]}`;
}
