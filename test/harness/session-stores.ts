import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SessionCipher } from '#service/auth/session/session-cipher.js';
import { openSessionStore } from '#service/auth/stores.js';
import { RedisServer, describeWithRedis } from './redis-server.js';
import { SESSION_SECRET } from './session-setting.js';

/** A store that several services share. */
export interface SharedStore {
  readonly url: string;
  /** All that a thief of it has, as bytes in Latin-1. */
  stolen(): Promise<string>;
  close(): Promise<void>;
}

async function openSqlite(): Promise<SharedStore> {
  const directory = await mkdtemp(join(tmpdir(), 'sessions-'));
  return {
    url: `sqlite:${join(directory, 'downloads.db')}`,
    stolen: async () => {
      const names = await readdir(directory);
      const files = names.map((name) => readFile(join(directory, name), 'latin1'));
      return (await Promise.all(files)).join('\n');
    },
    close: () => rm(directory, { recursive: true }),
  };
}

async function openRedis(): Promise<SharedStore> {
  const server = new RedisServer();
  await server.start();
  return {
    url: server.url,
    stolen: () =>
      server.run(async (client) => {
        const keys = await client.keys('*');
        const dumps = keys.map(async (key) => (await client.dumpBuffer(key)).toString('latin1'));
        const hashes = keys
          .filter((key) => /:session:/.test(key))
          .map(async (key) => JSON.stringify(await client.hgetall(key)));
        return [...keys, ...(await Promise.all([...dumps, ...hashes]))].join('\n');
      }),
    close: () => server.dispose(),
  };
}

/** The same tests with each kind of store. */
export function describeWithStores(
  name: string,
  tests: (open: () => Promise<SharedStore>) => void,
) {
  describe(`${name} (SQLite)`, () => tests(openSqlite));
  describeWithRedis(`${name} (Redis)`, () => tests(openRedis));
}

interface StoredTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly refreshAt: number;
  readonly accessEndsAt: number;
}

/** The tokens of a person's newest session, which nothing but the secret of the service can read. */
export async function tokensOf(subject: string, url: string): Promise<StoredTokens> {
  const sessions = openSessionStore({ url });
  const { id, sealed } = (await sessions.newestOf(subject))!;
  await sessions.close();
  const text = new SessionCipher([SESSION_SECRET]).open(sealed, `${id} ${subject}`)!;
  return JSON.parse(text) as StoredTokens;
}
