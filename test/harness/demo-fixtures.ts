import { type Browser } from 'playwright-core';
import { test } from 'vitest';
import type { SandboxOptions } from '../../sandbox/sandbox.ts';
import { launchBrowser } from './browser.js';
import { Demo } from './demo.js';
import { DemoTab } from './demo-tab.js';
import { pathOf } from './programs.ts';
import { requirePrograms } from './programs.js';

interface DemoSetup {
  readonly sandbox?: SandboxOptions;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Started once for all tests of a worker; `undefined` where there is none. */
const inBrowser = test.extend(
  'browser',
  { scope: 'worker' },
  async ({}, { onCleanup }): Promise<Browser | undefined> => {
    if (pathOf('chromium') === undefined) return undefined;
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  },
);

/**
 * Tests that get, each by its name, what they need:
 *
 * - `demo`: the demo, started once for the tests of a file. Pace, faults and service are put back after the test.
 * - `tab`: its page in a fresh tab. Once the test is over, the browser must have nothing to complain of that the test
 *   has not forgiven.
 */
export function withDemo({ sandbox, variables }: DemoSetup = {}) {
  return inBrowser
    .extend('runningDemo', { scope: 'file' }, async ({}, { onCleanup }) => {
      const demo = await Demo.start(sandbox, variables);
      onCleanup(() => demo.close());
      return demo;
    })
    .extend('demo', ({ runningDemo }, { onCleanup }) => {
      runningDemo.sandbox.clearRequests();
      onCleanup(async () => {
        runningDemo.sandbox.bytesPerSecond = undefined;
        runningDemo.sandbox.clearFaults();
        if (!runningDemo.isRunning) await runningDemo.startService();
      });
      return runningDemo;
    })
    .extend('tab', async ({ browser, demo, skip }, { onCleanup }) => {
      requirePrograms({ skip }, 'chromium');
      const tab = await DemoTab.open(browser!, demo.url);
      onCleanup(async () => {
        const { complaints } = tab;
        await tab.close();
        expect(complaints).toEqual([]);
      });
      return tab;
    });
}
