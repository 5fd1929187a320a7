/**
 * The service as single modules instead of the bundle, so that a CPU profile names its files. SIGUSR2 starts the profile, and
 * ends it the next time.
 *
 *     node bench/profiled-service.ts FILE
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Between samples: fine enough for reads of 50 us at 1,000 per second, and no great load by itself. */
const INTERVAL_US = 200;

const [, , file = ''] = process.argv;
const session = new Session();
let isRunning = false;

process.on('SIGUSR2', () => void (isRunning ? end() : begin()));

async function begin(): Promise<void> {
  isRunning = true;
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
}

async function end(): Promise<void> {
  isRunning = false;
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  // The bench reads the file as soon as it exists.
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

const main = pathToFileURL(join(import.meta.dirname, '../dist/bootstrap.js')).href;
const { bootstrap } = (await import(main)) as { bootstrap: () => Promise<void> };
await bootstrap();
