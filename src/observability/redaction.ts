const NAMES = [
  'access_token',
  'authorization',
  'contentUrl',
  'cookie',
  'idempotency-key',
  'link',
  'password',
  'proxy-authorization',
  'secret',
  'set-cookie',
  'ticket',
  'token',
];

/** Whose values are never written, should an object with them be logged: paths of pino's `redact`, three levels deep. */
export const SECRET_NAMES = NAMES.flatMap((name) =>
  ['', '*', '*.*'].map((parents) => `${parents}["${name}"]`),
);

/** What gives a secret away in a text; the message of an error quotes what could not be read. */
const SECRETS = [
  /TICKET_\w+/,
  /(?<=\b(?:Basic|Bearer) )(?=[\w.~+/-]*[\dA-Z=])[\w.~+/=-]{8,}/,
  /(?<=\blink=)[\w.~%-]+/,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/,
  /\$2[aby]\$\d\d\$[./\w]{53}/,
];
const SECRET = new RegExp(SECRETS.map(({ source }) => source).join('|'), 'g');

/** The text without what looks like a ticket, credentials, a token, a signed link or the hash of a password. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '[redacted]');
}
