const BCRYPT = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

type Users = ReadonlyMap<string, string>;

/**
 * Users from the text of an htpasswd file: `name:bcrypt` a line, blank lines and `#` comments skipped.
 * What is wrong is added to `problems`, by line number, without the hash.
 */
export function parseHtpasswd(text: string, problems: string[]): Users {
  const entries = text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.trim(), place: `USERS_FILE, line ${index + 1}` }))
    .filter((entry) => entry.text !== '' && !entry.text.startsWith('#'));
  return collectUsers(entries, 'USERS_FILE', problems);
}

/** Users from `name:bcrypt,name:bcrypt`. What is wrong is added to `problems`, by position. */
export function parseUserList(text: string, problems: string[]): Users {
  const entries = text
    .split(',')
    .map((entry, index) => ({ text: entry.trim(), place: `USERS, entry ${index + 1}` }))
    .filter((entry) => entry.text !== '');
  return collectUsers(entries, 'USERS', problems);
}

function collectUsers(
  entries: readonly { text: string; place: string }[],
  variable: string,
  problems: string[],
): Users {
  const users = new Map<string, string>();
  for (const { text, place } of entries) {
    const colon = text.indexOf(':');
    const name = text.slice(0, colon);
    const hash = text.slice(colon + 1);
    if (colon < 1) problems.push(`${place}: must be name:bcrypt`);
    else if (!BCRYPT.test(hash)) {
      problems.push(`${place}: the hash of "${name}" is not bcrypt (make one with htpasswd -B)`);
    } else if (users.has(name)) problems.push(`${place}: "${name}" is listed twice`);
    // crypt_blowfish's $2y$ (what htpasswd writes) is the same algorithm as OpenBSD's $2b$, the only name bcrypt knows.
    else users.set(name, hash.replace(/^\$2y\$/, '$2b$'));
  }
  if (entries.length === 0) problems.push(`${variable}: has no user`);
  return users;
}
