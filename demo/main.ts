import bcrypt from 'bcrypt';
import { SAMPLE_NODES, SAMPLE_USERS } from '../sandbox/sample-nodes.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { DEMO_USER, greeting } from './greeting.ts';

/** Source bytes a second that go into a ZIP: slow enough to watch it and to cancel it. */
const BYTES_PER_SECOND = 40_000_000;
/** The download that the examples of the API's documentation name. */
const EXAMPLE_DOWNLOAD_ID = '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f';
const SERVICE_ACCOUNT = 'downloads-service';

await main();

async function main(): Promise<void> {
  const reason = refusal();
  if (reason) {
    console.error(`The demo does not start: ${reason}`);
    process.exitCode = 1;
    return;
  }
  const sandbox = await startSandbox({ bytesPerSecond: BYTES_PER_SECOND });
  sandbox.addDownload(SERVICE_ACCOUNT, [SAMPLE_NODES.projectsFolder], EXAMPLE_DOWNLOAD_ID);
  try {
    const url = await startService(sandbox.url, () => sandbox.close());
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

async function startService(alfrescoUrl: string, onStop: () => Promise<void>): Promise<string> {
  const { createApp } = await import('../dist/app.factory.js');
  const { loadConfig } = await import('../dist/config/config.loader.js');
  const account = SAMPLE_USERS.find(({ id }) => id === SERVICE_ACCOUNT)!;
  const config = loadConfig({
    HOST: process.env.HOST,
    PORT: process.env.PORT,
    LOG_LEVEL: 'warn',
    ALFRESCO_URL: alfrescoUrl,
    ALFRESCO_USERNAME: account.id,
    ALFRESCO_PASSWORD: account.password,
    USERS: `${DEMO_USER.name}:${await bcrypt.hash(DEMO_USER.password, 10)}`,
  });
  const app = await createApp(config);
  const stop = async () => {
    await app.close();
    await onStop();
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  await app.listen(config.http.port, config.http.host);
  return app.getUrl();
}
