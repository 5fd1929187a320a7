import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '#service/app.factory.js';
import type { AppConfig } from '#service/config/app-config.js';
import { loadConfig } from '#service/config/config-loader.js';
import type { Pacing } from '#service/config/pacing.js';
import { SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, CALLERS, basic, users } from './callers.js';

export { AS_ALICE, CALLERS, basic, users };

import { keep, keepLine, withFullOutput } from './evidence/evidence.js';
import { rawRequest } from './raw-http.js';

export const SERVICE_ACCOUNT = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;

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

/** Overrides of the service's intervals and timeouts; the others are as in production. */
export type PartialPacing = { readonly [Group in keyof Pacing]?: Partial<Pacing[Group]> };

export interface BffOptions {
  /** Receives each line that the service logs. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly pacing?: PartialPacing | undefined;
}

/**
 * Starts the service in this process, on a free port. Everything that it logs is kept for the search at the end of the
 * run; `LOG_LEVEL` only decides what reaches the output of this process.
 */
export async function startBff(
  alfrescoUrl: string,
  more: Record<string, string> = {},
  { onLine, pacing }: BffOptions = {},
): Promise<Bff> {
  const variables = environment(alfrescoUrl, more);
  const config = loadConfig(withFullOutput(variables));
  const app = await createApp(paced(config, pacing), {
    write: (line) => {
      onLine?.(line);
      if (keepLine(line, variables.LOG_LEVEL)) process.stdout.write(line);
    },
  });
  await app.listen(config.http.port, '127.0.0.1');
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

/** Keeps the metrics of a service, unless it has ended, hangs, or has `METRICS=off`. */
export async function keepMetrics(port: number): Promise<void> {
  const request = rawRequest(port, { path: '/metrics' }).catch(() => undefined);
  const response = await Promise.race([request, sleep(2000, undefined, { ref: false })]);
  if (response?.status === 200) keep('metrics', response.body);
}

function paced(config: AppConfig, changes: PartialPacing = {}): AppConfig {
  const groups = Object.entries(config.pacing).map(([name, group]) => [
    name,
    { ...group, ...changes[name as keyof Pacing] },
  ]);
  return { ...config, pacing: Object.fromEntries(groups) as Pacing };
}
