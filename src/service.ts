import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.factory.js';
import type { AppConfig } from './config/app-config.js';
import type { WorkerContext } from './config/worker-context.js';
import { ProblemException } from './problems/problem.exception.js';
import { StartFailure } from './start-failure.js';

/** The service, and where it listens. */
export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly address: string;
}

/**
 * Starts the service in this process and keeps it until SIGTERM or SIGINT.
 *
 * @param worker where this process is one of several
 * @throws StartFailure, ConfigurationError
 */
export async function startService(
  config: AppConfig,
  worker?: WorkerContext,
): Promise<RunningService> {
  const app = await create(config, worker);
  if (config.links.isEphemeral) {
    new Logger('Links').warn('LINK_SECRET is not set: signed links end when this process does');
  }
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  if (!worker) exitAtSecondSignal();
  try {
    await app.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    await app.close();
    throw new StartFailure(describeListenError(error, config));
  }
  return { app, address: await app.getUrl() };
}

async function create(config: AppConfig, worker?: WorkerContext): Promise<NestFastifyApplication> {
  try {
    return await createApp(config, undefined, worker);
  } catch (error) {
    // The only problem of a start is a store that is there, but busy or full.
    if (!(error instanceof ProblemException)) throw error;
    throw new StartFailure(`STORE_URL: the store cannot be used now (${error.diagnosis})`);
  }
}

/** Whoever asks twice does not want to wait for requests to end. */
function exitAtSecondSignal(): void {
  let signals = 0;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals === 2) process.exit(128 + number);
    });
  }
}

function describeListenError(error: unknown, { http }: AppConfig): string {
  const code = (error as NodeJS.ErrnoException).code;
  const where = `HOST="${http.host}" PORT="${http.port}"`;
  switch (code) {
    case 'EADDRINUSE':
      return `Cannot listen on ${where}: another process uses this port.`;
    case 'EACCES':
      return `Cannot listen on ${where}: not permitted (ports below 1024 need a privilege).`;
    default:
      return `Cannot listen on ${where}: ${code ?? 'unknown error'}.`;
  }
}
