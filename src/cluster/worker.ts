import cluster from 'node:cluster';
import { Server } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AppConfig } from '../config/app-config.js';
import { loadConfig } from '../config/config-loader.js';
import { ProgressTracker } from '../downloads/progress/progress-tracker.js';
import { Metrics } from '../observability/metrics.js';
import { RequestDrain } from '../server/request-drain.js';
import { StartFailure, startService } from '../service.js';
import { Primary } from './channel.js';

// What `WorkerPool` starts: the service as one of several processes. When the primary ends, whatever ended it, Node ends
// this process.

let service: NestFastifyApplication | undefined;

// A terminal sends it to every process of its group; it is for the primary.
process.on('SIGHUP', () => {});

const primary = new Primary(cluster.worker!.id, {
  snapshot: () => service!.get(Metrics, { strict: false }).snapshot(),
  retire: () => retire(service!),
});

try {
  const config: AppConfig = loadConfig(process.env);
  const { app, address } = await startService(config, primary);
  service = app;
  await primary.call('ready', address);
} catch (error) {
  const { message, exitCode } = StartFailure.of(error);
  await primary.call('failed', message, exitCode);
  process.exit(exitCode);
}

/**
 * Takes no connection any more, and ends when the last one is closed: by an answer that says so, by the caller, or by the
 * same limits as ever. To close those that are idle could meet a request on its way, and to cut a long transfer is
 * not worth a restart that nobody waits for.
 */
function retire(app: NestFastifyApplication): void {
  app.get(RequestDrain, { strict: false }).isRetiring = true;
  app.get(ProgressTracker, { strict: false }).stopWatching();
  // That of `node:http` would close idle connections as well.
  Server.prototype.close.call(app.getHttpServer(), () => void end(app));
}

async function end(app: NestFastifyApplication): Promise<void> {
  await primary.call('ended', await app.get(Metrics, { strict: false }).snapshot());
  process.kill(process.pid, 'SIGTERM');
}
