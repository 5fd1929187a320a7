import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../dist/app.factory.js';
import { loadConfig } from '../../dist/config/config.loader.js';
import { SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { CALLERS } from './callers.js';
import { keep, keepLine, talkative } from './evidence/evidence.js';
import { rawRequest } from './raw-http.js';

export const SERVICE_ACCOUNT = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;

export { CALLERS };

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

/**
 * Starts the service in this process, on a free port. Whatever its `LOG_LEVEL`, all that it logs is kept for the end of
 * the run; to the output of this process goes what the level lets through.
 *
 * @param onLine is told of every line of the log
 */
export async function startBff(
  alfrescoUrl: string,
  more: Record<string, string> = {},
  onLine: (line: string) => void = () => {},
): Promise<Bff> {
  const variables = environment(alfrescoUrl, more);
  const app = await createApp(loadConfig(talkative(variables)), {
    write: (line) => {
      onLine(line);
      if (keepLine(line, variables.LOG_LEVEL)) process.stdout.write(line);
    },
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const port = Number(new URL(url).port);
  return {
    app,
    url,
    port,
    close: async () => {
      await keepMetrics(port);
      await app.close();
    },
  };
}

/** Keeps what a service has measured; one that has ended, hangs, or has `METRICS=off`, tells nothing. */
export async function keepMetrics(port: number): Promise<void> {
  const asked = rawRequest(port, { path: '/metrics' }).catch(() => undefined);
  const answer = await Promise.race([asked, sleep(2000, undefined, { ref: false })]);
  if (answer?.status === 200) keep('metrics', answer.body);
}
