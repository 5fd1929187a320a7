import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { AppConfig } from '#service/config/app-config.js';
import { loadConfig } from '#service/config/config-loader.js';
import { users } from './bff.js';

/** Contents of the secret files. */
const SECRETS: Readonly<Record<string, string>> = {
  ALFRESCO_USERNAME_FILE: 'downloads-service\n',
  ALFRESCO_PASSWORD_FILE: 'a password of the account\n',
  USERS_FILE: `${users('alice')}\n`,
  STORE_URL_FILE: 'redis://:a-password@redis:6379\n',
  LINK_SECRET_FILE: 'something of 32 characters that nobody can guess\n',
};

/** The configuration of a deployment's variables, with its secrets in place; fails the test if it is invalid. */
export async function deployedConfig(variables: Record<string, string>): Promise<AppConfig> {
  const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  const given = { ...variables };
  for (const [name, path] of Object.entries(variables)) {
    const secret = SECRETS[name];
    if (secret === undefined) continue;
    given[name] = join(directory, basename(path));
    await writeFile(given[name], secret);
  }
  try {
    return loadConfig(given);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The variables that `.env.example` documents, those that only a comment mentions included. */
export async function documentedVariables(): Promise<Set<string>> {
  const text = await readFile('.env.example', 'utf8');
  return new Set([...text.matchAll(/\b[A-Z][A-Z0-9_]{2,}\b/g)].map(([name]) => name));
}
