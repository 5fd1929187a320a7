import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AlfrescoClient } from './alfresco/alfresco.client.js';
import { type AppConfig, ConfigurationError } from './config/app-config.js';
import { configurationWarnings, describeConfiguration } from './config/config-report.js';
import type { WorkerContext } from './config/worker-context.js';
import { ProblemException, isProblem } from './problems/problem.exception.js';
import { RequestDrain } from './server/request-drain.js';

/** `EX_CONFIG` of sysexits.h: a supervisor should not restart a process that will fail the same way. */
const EXIT_CONFIGURATION = 78;

/** Longer than V8 takes to return memory: two collections, after eight seconds. */
const MEMORY_SAVER_MS = 12_000;

/** Why the service cannot start, for its operator, and the code with which the process ends. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }

  /** @throws the error itself if it is a bug, not something that an operator can mend */
  static of(error: unknown): StartFailure {
    if (error instanceof StartFailure) return error;
    if (error instanceof ConfigurationError) {
      return new StartFailure(error.message, EXIT_CONFIGURATION);
    }
    throw error;
  }
}

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
  if (!worker) reportConfiguration(config);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  if (!worker) exitAtSecondSignal();
  try {
    await app.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    await app.close();
    throw new StartFailure(describeListenError(error, config));
  }
  returnMemoryOfStart();
  // One process for all: a wrong password would otherwise be tried once by each.
  if (!worker || worker.number === 1) void reportAlfresco(app, config);
  return { app, address: await app.getUrl() };
}

/**
 * Has V8 return the memory that the start has used, some 20 MB, which it would otherwise keep for new objects. In this mode it
 * collects once more after eight seconds, in small steps. The mode ends then, for under load it takes more of the processor.
 */
function returnMemoryOfStart(): void {
  // What is compiled is kept for the flags that are in force as the cache is written: those of the next start.
  flushCompileCache();
  setFlagsFromString('--memory-saver-mode');
  setTimeout(endMemorySaverMode, MEMORY_SAVER_MS).unref();
}

function endMemorySaverMode(): void {
  setFlagsFromString('--no-memory-saver-mode');
  // From little to `--max-semi-space-size` in two steps instead of four, should there be load.
  setFlagsFromString('--semi-space-growth-factor=4');
}

/** Prints, once, that the service takes requests, and where. */
export function announce({ http, docs }: AppConfig, address: string): void {
  const base = `${address}${http.apiPrefix && `/${http.apiPrefix}`}`;
  console.log(`alfresco-downloads-bff listens on ${base}${docs ? ` (docs: ${base}/docs)` : ''}`);
}

/** Logs once what is in force, and what was probably not meant. */
export function reportConfiguration(config: AppConfig): void {
  const logger = new Logger('Configuration');
  logger.log(describeConfiguration(config, process.env));
  for (const warning of configurationWarnings(config, process.env)) logger.warn(warning);
}

/**
 * Logs whether Alfresco is there, and accepts the account of this service. A failure is not fatal: Alfresco may start later, and a
 * service that is started again and again would have its account locked.
 */
async function reportAlfresco(
  app: NestFastifyApplication,
  { alfresco: { auth, onBehalfOf } }: AppConfig,
): Promise<void> {
  const logger = new Logger('Alfresco');
  const client = app.get(AlfrescoClient, { strict: false });
  try {
    if (!(await client.isReady())) logger.warn('Alfresco says that it is not ready');
    else if (onBehalfOf === 'off') {
      await client.checkAccount();
      logger.log('Alfresco accepts the credentials of this service');
    }
  } catch (error) {
    if (app.get(RequestDrain, { strict: false }).isDraining) return;
    if (isProblem(error, 'ALFRESCO_CREDENTIALS_REJECTED')) {
      const variables =
        auth === 'oauth2'
          ? 'ALFRESCO_OAUTH2_CLIENT_ID and ALFRESCO_OAUTH2_CLIENT_SECRET'
          : 'ALFRESCO_USERNAME and ALFRESCO_PASSWORD';
      logger.error(`The credentials of this service were rejected: see ${variables}`);
    } else {
      const reason = error instanceof ProblemException ? error.diagnosis : String(error);
      logger.warn(`Alfresco cannot be used now: ${reason ?? 'no response'}`);
    }
  }
}

async function create(config: AppConfig, worker?: WorkerContext): Promise<NestFastifyApplication> {
  // Not loaded by a primary, which serves nothing but uses the rest of this module.
  const { createApp } = await import('./app.factory.js');
  try {
    return await createApp(config, undefined, worker);
  } catch (error) {
    // The only problem of a start is a store that is there, but busy or full.
    if (!(error instanceof ProblemException)) throw error;
    throw new StartFailure(`STORE_URL: the store cannot be used now (${error.diagnosis})`);
  }
}

/** An operator who asks twice does not want to wait for requests to end. */
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
