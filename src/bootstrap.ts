import { existsSync } from 'node:fs';
import { ConfigurationError } from './config/app-config.js';
import { loadConfig } from './config/config-loader.js';
import { StartFailure, announce, startService } from './service.js';

/** Reads the environment, starts the service and keeps it until SIGTERM or SIGINT. */
export async function bootstrap(): Promise<void> {
  try {
    loadEnvFile();
    const config = loadConfig(process.env);
    if (config.workers > 1) {
      const { WorkerPool } = await import('./cluster/worker-pool.js');
      new WorkerPool(config).start();
    } else {
      announce(config, (await startService(config)).address);
    }
  } catch (error) {
    const { message, exitCode } = StartFailure.of(error);
    process.exitCode = exitCode;
    console.error(message);
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
