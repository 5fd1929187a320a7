import { type Browser } from 'playwright-core';
import { test } from 'vitest';
import { launchBrowser } from './browser.js';
import { Demo, type DemoSetup } from './demo.js';
import { DemoTab } from './demo-tab.js';
import { pathOf } from './programs.ts';
import { requirePrograms } from './programs.js';

/** Started once for all tests of a worker; `undefined` where no browser is installed. */
export const inBrowser = test.extend(
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
 * Tests with these fixtures, each by its name:
 *
 * - `demo`: the demo, started once for the tests of a file. Pace, faults and service are reset after each test.
 * - `tab`: its page in a fresh tab. The test fails if the browser logged an error or a warning that the test has not
 *   dismissed.
 */
export function withDemo(setup: DemoSetup = {}) {
  return inBrowser
    .extend('runningDemo', { scope: 'file' }, async ({}, { onCleanup }) => {
      const demo = await Demo.start(setup);
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
