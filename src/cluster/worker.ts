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

// The service as one of several processes: the program that `WorkerPool` forks. When the primary ends, for whatever reason,
// Node ends this process.

let service: NestFastifyApplication | undefined;

// A terminal sends SIGHUP to all processes of its group, but only the primary acts on it.
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
 * Accepts no more connections, and ends when the last one is closed: by a response with `Connection: close`, by the client,
 * or by a timeout. Idle ones stay open since a request may be on its way, and long transfers since no one waits for this
 * process to end.
 */
function retire(app: NestFastifyApplication): void {
  app.get(RequestDrain, { strict: false }).isRetiring = true;
  app.get(ProgressTracker, { strict: false }).stopWatching();
  // `close` of `node:http` would close idle connections as well.
  Server.prototype.close.call(app.getHttpServer(), () => void end(app));
}

async function end(app: NestFastifyApplication): Promise<void> {
  await primary.call('ended', await app.get(Metrics, { strict: false }).snapshot());
  process.kill(process.pid, 'SIGTERM');
}
