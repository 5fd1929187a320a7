import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig, ConfigurationError } from './config/app-config.js';
import type { WorkerContext } from './config/worker-context.js';
import { ProblemException } from './problems/problem.exception.js';

/** `EX_CONFIG` of sysexits.h: a supervisor should not restart a process that will fail the same way. */
const EXIT_CONFIGURATION = 78;

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
  warnOfEphemeralLinks(config);
  if (!worker) warnOfPlainCookies(config);
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

/** Prints, once, that the service takes requests, and where. */
export function announce({ http, docs }: AppConfig, address: string): void {
  const base = `${address}${http.apiPrefix && `/${http.apiPrefix}`}`;
  console.log(`alfresco-downloads-bff listens on ${base}${docs ? ` (docs: ${base}/docs)` : ''}`);
}

export function warnOfEphemeralLinks({ links }: AppConfig): void {
  if (!links.isEphemeral) return;
  new Logger('Links').warn('LINK_SECRET is not set: signed links end when this process does');
}

export function warnOfPlainCookies({ auth: { session } }: AppConfig): void {
  if (session === undefined || session.publicUrl.startsWith('https:')) return;
  new Logger('Sessions').warn(
    'PUBLIC_URL is not https: cookies have no __Host- prefix and are not Secure; for this machine only',
  );
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
