import { existsSync } from 'node:fs';
import { startSandbox } from '../sandbox/sandbox.ts';
import { startDemoService } from './demo.service.ts';
import { greeting } from './greeting.ts';

/** Source bytes a second that go into a ZIP: slow enough to watch it and to cancel it. */
const BYTES_PER_SECOND = 40_000_000;

await main();

async function main(): Promise<void> {
  loadEnvFile();
  const reason = refusal();
  if (reason) {
    console.error(`The demo does not start: ${reason}`);
    process.exitCode = 1;
    return;
  }
  const { HOST, PORT } = process.env;
  const sandbox = await startSandbox({ bytesPerSecond: BYTES_PER_SECOND });
  try {
    const service = await startDemoService(sandbox, { HOST, PORT });
    const stop = async () => {
      await service.close();
      await sandbox.close();
    };
    process.once('SIGINT', () => void stop());
    process.once('SIGTERM', () => void stop());
    console.log(greeting(service.url, sandbox.url));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    console.error(
      code === 'EADDRINUSE'
        ? `Port ${PORT ?? 3000} is in use; choose another one: PORT=3001 npm run demo`
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
