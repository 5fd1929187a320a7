import { existsSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.factory.js';
import type { AppConfig } from './config/app.config.js';
import { ConfigurationError } from './config/configuration.error.js';
import { ProblemException } from './problems/problem.exception.js';
import { loadConfig } from './config/config.loader.js';

/** `EX_CONFIG` of sysexits.h: a supervisor should not restart a process that will fail the same way. */
const EXIT_CONFIGURATION = 78;

/** Reads the environment, starts the service and keeps it until SIGTERM or SIGINT. */
export async function bootstrap(): Promise<void> {
  let config: AppConfig;
  let app: NestFastifyApplication;
  try {
    loadEnvFile();
    config = loadConfig(process.env);
    app = await createApp(config);
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof ProblemException)) throw error;
    process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
    // The only problem of a start is a store that is there, but busy or full.
    console.error(
      error instanceof ProblemException
        ? `STORE_URL: the store cannot be used now (${error.diagnosis})`
        : error.message,
    );
    return;
  }
  if (config.links.isEphemeral) {
    new Logger('Links').warn('LINK_SECRET is not set: signed links end when this process does');
  }
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  exitAtSecondSignal();
  try {
    await app.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    console.error(describeListenError(error, config));
    await app.close();
    process.exitCode = 1;
    return;
  }
  const base = `${await app.getUrl()}${config.http.apiPrefix && `/${config.http.apiPrefix}`}`;
  console.log(
    `alfresco-downloads-bff listens on ${base}${config.docs ? ` (docs: ${base}/docs)` : ''}`,
  );
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

/** Variables that are set already win over the file. */
function loadEnvFile(): void {
  if (!existsSync('.env')) return;
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'not a file of NAME=value lines';
    throw new ConfigurationError([`.env: cannot be read (${reason})`]);
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
