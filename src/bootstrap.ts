import { loadConfig, loadEnvFile } from './config/config-loader.js';
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
