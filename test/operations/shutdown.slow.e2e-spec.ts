import { it as base } from '../harness/fixtures.js';
import { processStarter } from '../harness/process-starter.js';
import {
  expectCutAfterSigkill,
  expectNoNewWork,
  expectWholeAfterSigterm,
  GENEROUS_LIMITS,
} from './transfers-at-shutdown.js';

const it = base.extend('start', processStarter);

describe('SIGTERM', () => {
  it(
    'completes 100 running transfers, accepts no new work, and exits with 0',
    { timeout: 120_000 },
    async ({ start }) => {
      await expectWholeAfterSigterm(await start(GENEROUS_LIMITS), 100, expectNoNewWork);
    },
  );
});

describe('kill -9', () => {
  it(
    'cuts 100 running transfers short of their announced length, so that no client takes them for whole',
    { timeout: 120_000 },
    async ({ start }) => {
      await expectCutAfterSigkill(await start(GENEROUS_LIMITS), 100);
    },
  );
});
