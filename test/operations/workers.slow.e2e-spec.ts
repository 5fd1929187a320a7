import { it as base } from '../harness/fixtures.js';
import { processStarter } from '../harness/process-starter.js';
import { expectWholeAfterSigterm, GENEROUS_LIMITS } from './transfers-at-shutdown.js';
import { temporaryDatabase } from './creations-at-kill.js';

const it = base.extend('start', processStarter);

describe('two workers', () => {
  it(
    'exit with 0 on SIGTERM once 20 running transfers are complete',
    { timeout: 120_000 },
    async ({ start }) => {
      const STORE_URL = `sqlite:${await temporaryDatabase()}`;
      await expectWholeAfterSigterm(
        await start({ ...GENEROUS_LIMITS, WORKERS: '2', STORE_URL }),
        20,
      );
    },
  );
});
