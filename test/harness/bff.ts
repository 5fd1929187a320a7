import bcrypt from 'bcrypt';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../dist/app.factory.js';
import { loadConfig } from '../../dist/config/config.loader.js';
import { SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';

export const SERVICE_ACCOUNT = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;

/** Callers of the service under test; the second password tries what RFC 7617 allows. */
export const CALLERS = {
  alice: { name: 'alice', password: 'al1ce-bff-Pa55' },
  zoe: { name: 'zoë', password: 'a:b::pässwörd-日本:' },
} as const;

type CallerName = keyof typeof CALLERS;

/** `Authorization` of a caller. */
export function basic({ name, password }: { name: string; password: string }): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

export const AS_ALICE = { authorization: basic(CALLERS.alice) };

/** `USERS` for the callers, at bcrypt's lowest cost. */
export function users(...names: CallerName[]): string {
  return names
    .map((name) => CALLERS[name])
    .map(({ name, password }) => `${name}:${bcrypt.hashSync(password, 4)}`)
    .join(',');
}

/** The environment of a service in front of the Alfresco at `url`. */
export function environment(
  url: string,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    STORE_URL: 'sqlite::memory:',
    RATE_LIMIT: 'off',
    SHUTDOWN_GRACE_MS: '2000',
    ALFRESCO_URL: url,
    ALFRESCO_USERNAME: SERVICE_ACCOUNT.id,
    ALFRESCO_PASSWORD: SERVICE_ACCOUNT.password,
    USERS: users('alice', 'zoe'),
    ...more,
  };
}

export interface Bff {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the service in this process, from its sources, on a free port. */
export async function startBff(
  alfrescoUrl: string,
  more: Record<string, string> = {},
): Promise<Bff> {
  const app = await createApp(loadConfig(environment(alfrescoUrl, more)));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, port: Number(new URL(url).port), close: () => app.close() };
}
