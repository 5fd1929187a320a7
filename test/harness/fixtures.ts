import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from './api.js';
import { type Bff, type PartialPacing, startBff } from './bff.js';
import { allUsers, createCaller } from './callers.js';

/** How the stand-in and the service of some tests differ from those that all tests share. */
export interface Setup {
  readonly sandbox?: SandboxOptions;
  readonly variables?: Readonly<Record<string, string>>;
  /** Pauses of the service; the others are as in production. */
  readonly pacing?: PartialPacing;
  /** Receives each line that the service logs. */
  readonly onLine?: (line: string) => void;
}

/**
 * Tests that get, each by its name, what they need:
 *
 * - `sandbox`: the stand-in for Alfresco. Faults, pace and recorded requests are put back after the test.
 * - `bff`: the built service in front of it.
 * - `user`: somebody who may use the service, whom no other test uses.
 * - `api`: the service as this user calls it.
 *
 * Stand-in and service are started once for all tests of a worker, since that takes longer than most tests.
 */
export const it = testsWith('worker', {});

/** The same with a stand-in and a service of their own, which are started once for the tests of a file. */
export function configured(setup: Setup): typeof it {
  return testsWith('file', setup);
}

/** Has a service log in to Alfresco, so that what a test sees there, or makes go wrong, is the request that it is about. */
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
      // Not `caller`, which vitest cannot have: functions have a property of that name.
      .extend('user', () => createCaller())
      .extend('api', ({ bff, user }) => new DownloadsApi(bff.url, user.headers))
  );
}
