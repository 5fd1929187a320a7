import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { build, temporaryFolder } from '../scripts/build.ts';
import { startDemoBackends } from './demo-backends.ts';
import { startDemoServices } from './demo-service.ts';
import { greeting } from './greeting.ts';

/** Source bytes per second that are added to a ZIP: slow enough to watch and cancel it. */
const BYTES_PER_SECOND = 40_000_000;

await main();

async function main(): Promise<void> {
  loadEnvFile();
  const reason = reasonNotToStart();
  if (reason) {
    console.error(`The demo does not start: ${reason}`);
    process.exitCode = 1;
    return;
  }
  const { HOST, PORT } = process.env;
  const port = Number(PORT || 3000);
  if (await isTaken(port, HOST)) {
    console.error(`Port ${port} is in use; choose another one: PORT=${port + 1} npm run demo`);
    process.exitCode = 1;
    return;
  }
  console.log('Building the service for the demo, which takes a few seconds ...');
  // Not into dist/, which may be in use.
  const built = temporaryFolder('demo');
  process.once('exit', () => rmSync(built, { recursive: true, force: true }));
  await build(built, { isBundled: false });
  const backends = await startDemoBackends({ bytesPerSecond: BYTES_PER_SECOND });
  try {
    const services = await startDemoServices(backends, built, { HOST, PORT });
    const stop = async () => {
      await services.close();
      await backends.close();
    };
    process.once('SIGINT', () => void stop());
    process.once('SIGTERM', () => void stop());
    console.log(greeting(services, backends));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    await backends.close();
  }
}

/** Checked before the build, which takes longer. */
async function isTaken(port: number, host = '127.0.0.1'): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
    return false;
  } catch (error) {
    // The service itself reports other errors, such as an address of another machine.
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  } finally {
    probe.close();
  }
}

/** Loads `.env`, where a real Alfresco would be configured. */
function loadEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}

/** The reason why the demo must not start, if any: its stand-in must never be mistaken for a real Alfresco. */
function reasonNotToStart(): string | undefined {
  if (process.env.NODE_ENV === 'production') {
    return 'NODE_ENV is production, and the demo talks to a stand-in for Alfresco. Use "npm run start:prod".';
  }
  if (process.env.ALFRESCO_URL) {
    return 'ALFRESCO_URL is set, and the demo talks to a stand-in for Alfresco. Use "npm start", or unset it.';
  }
  return undefined;
}
