import { existsSync } from 'node:fs';
import bcrypt from 'bcrypt';
import { SAMPLE_NODES, SAMPLE_USERS } from '../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { DEMO_USER, greeting } from './greeting.ts';

/** Source bytes a second that go into a ZIP: slow enough to watch it and to cancel it. */
const BYTES_PER_SECOND = 40_000_000;
/** The download that the examples of the API's documentation name. */
const EXAMPLE_DOWNLOAD_ID = '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f';
const SERVICE_ACCOUNT = 'downloads-service';

await main();

async function main(): Promise<void> {
  loadEnvFile();
  const reason = refusal();
  if (reason) {
    console.error(`The demo does not start: ${reason}`);
    process.exitCode = 1;
    return;
  }
  const sandbox = await startSandbox({ bytesPerSecond: BYTES_PER_SECOND });
  try {
    const url = await startService(sandbox);
    console.log(greeting(url, sandbox.url));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    console.error(
      code === 'EADDRINUSE'
        ? `Port ${process.env.PORT ?? 3000} is in use; choose another one: PORT=3001 npm run demo`
        : error,
    );
    process.exitCode = 1;
    await sandbox.close();
  }
}

/** Also what `.env` says counts: it is where a real Alfresco would be configured. */
function loadEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}

/** Why there must be no stand-in here, if so: nobody should ever take it for the real thing. */
function refusal(): string | undefined {
  if (process.env.NODE_ENV === 'production') {
    return 'NODE_ENV is production, and the demo talks to a stand-in for Alfresco. Use "npm run start:prod".';
  }
  if (process.env.ALFRESCO_URL) {
    return 'ALFRESCO_URL is set, and the demo talks to a stand-in for Alfresco. Use "npm start", or unset it.';
  }
  return undefined;
}

async function startService(sandbox: Sandbox): Promise<string> {
  const { createApp } = await import('../dist/app.factory.js');
  const { loadConfig } = await import('../dist/config/config.loader.js');
  const { DownloadRegistry } = await import('../dist/downloads/registry/download.registry.js');
  const account = SAMPLE_USERS.find(({ id }) => id === SERVICE_ACCOUNT)!;
  const config = loadConfig({
    HOST: process.env.HOST,
    PORT: process.env.PORT,
    LOG_LEVEL: 'warn',
    STORE_URL: 'sqlite::memory:',
    ALFRESCO_URL: sandbox.url,
    ALFRESCO_USERNAME: account.id,
    ALFRESCO_PASSWORD: account.password,
    USERS: `${DEMO_USER.name}:${await bcrypt.hash(DEMO_USER.password, 10)}`,
  });
  const app = await createApp(config);
  sandbox.addDownload(account.id, [SAMPLE_NODES.projectsFolder], EXAMPLE_DOWNLOAD_ID);
  await app.get(DownloadRegistry, { strict: false }).add({
    id: EXAMPLE_DOWNLOAD_ID,
    owner: `basic:${DEMO_USER.name}`,
    createdAt: Date.now(),
  });
  const stop = async () => {
    await app.close();
    await sandbox.close();
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  await app.listen(config.http.port, config.http.host);
  return app.getUrl();
}
