import { it as base } from '../harness/fixtures.js';
import { processStarter } from '../harness/process-starter.js';
import { expectNoneLost } from './creations-at-kill.js';

const it = base.extend('start', processStarter);

describe('kill -9 in the middle of 1,000 creations', () => {
  it.for(['sqlite', 'redis'] as const)(
    'loses no acknowledged download, and assigns none to another caller, with %s',
    { timeout: 120_000 },
    async (engine, { start, skip }) => {
      await expectNoneLost({ skip }, start, engine, 1000);
    },
  );
});
