import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from './api.js';
import { type Bff, type PartialPacing, startBff } from './bff.js';
import { allUsers, createCaller } from './callers.js';

/** How the stand-in and the service differ from those that all tests share. */
export interface Setup {
  readonly sandbox?: SandboxOptions;
  readonly variables?: Readonly<Record<string, string>>;
  /** Overrides of the service's intervals and timeouts; the others are as in production. */
  readonly pacing?: PartialPacing;
  /** Receives each line that the service logs. */
  readonly onLine?: (line: string) => void;
}

/**
 * Tests with these fixtures, each by its name:
 *
 * - `sandbox`: the stand-in for Alfresco. Faults, pace and recorded requests are reset after each test.
 * - `bff`: the built service in front of it.
 * - `user`: a user of the service that no other test uses.
 * - `api`: the service as this user calls it.
 *
 * Stand-in and service are started once for all tests of a worker, since that takes longer than most tests.
 */
export const it = testsWith('worker', {});

/** The same with a separate stand-in and service, started once for the tests of a file. */
export function configured(setup: Setup): typeof it {
  return testsWith('file', setup);
}

/** Has a service log in to Alfresco, so that tests neither record that login nor apply a fault to it. */
export async function logIn({ app }: Bff, alfresco: Sandbox): Promise<void> {
  await app
    .get(AlfrescoClient)
    .getDownload(randomUUID())
    .catch(() => undefined);
  alfresco.clearRequests();
}

function testsWith(lifetime: 'worker' | 'file', setup: Setup) {
  // The types of both scopes differ only in what a fixture may depend on.
  const scope = lifetime as 'file';
  return (
    test
      .extend('runningSandbox', { scope }, async ({}, { onCleanup }) => {
        const sandbox = await startSandbox(setup.sandbox);
        onCleanup(() => sandbox.close());
        return sandbox;
      })
      .extend('bff', { scope }, async ({ runningSandbox }, { onCleanup }) => {
        const variables = { USERS: allUsers(), ...setup.variables };
        const { onLine, pacing } = setup;
        const bff = await startBff(runningSandbox.url, variables, { onLine, pacing });
        onCleanup(() => bff.close());
        await logIn(bff, runningSandbox);
        return bff;
      })
      .extend('sandbox', ({ runningSandbox }, { onCleanup }): Sandbox => {
        runningSandbox.clearRequests();
        onCleanup(() => {
          runningSandbox.clearFaults();
          runningSandbox.ready = true;
          runningSandbox.readOnly = false;
          runningSandbox.bytesPerSecond = setup.sandbox?.bytesPerSecond;
        });
        return runningSandbox;
      })
      // Not `caller`: vitest cannot name a fixture like a property of functions.
      .extend('user', () => createCaller())
      .extend('api', ({ bff, user }) => new DownloadsApi(bff.url, user.headers))
  );
}
