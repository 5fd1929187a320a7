import type { Browser } from 'playwright-core';
import type { SandboxOptions } from '../../sandbox/sandbox.ts';
import { launchBrowser } from './browser.js';
import { Demo } from './demo.js';
import { DemoTab } from './demo-tab.js';
import { needsTools } from './tools.js';

/** What is there while a test runs. */
export interface DemoInBrowser {
  readonly demo: Demo;
  readonly tab: DemoTab;
}

/**
 * One demo for all tests of a file, and a fresh tab for each of them. After each test, the browser must have nothing to
 * complain of that the test has not forgiven.
 */
export function demoInBrowser(
  options: SandboxOptions = {},
  variables: Record<string, string> = {},
): DemoInBrowser {
  let demo: Demo;
  let browser: Browser | undefined;
  let tab: DemoTab | undefined;

  beforeAll(async () => {
    demo = await Demo.start(options, variables);
  });
  beforeEach(async (context) => {
    needsTools(context, 'chromium');
    browser ??= await launchBrowser();
    tab = await DemoTab.open(browser, demo.url);
  });
  afterEach(async () => {
    demo.sandbox.bytesPerSecond = undefined;
    demo.sandbox.clearFaults();
    const complaints = tab?.complaints ?? [];
    await tab?.close();
    tab = undefined;
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await demo.close();
  });

  return {
    get demo() {
      return demo;
    },
    get tab() {
      if (!tab) throw new Error('only while a test runs');
      return tab;
    },
  };
}
