import { type Browser, chromium } from 'playwright-core';
import { pathOf } from './programs.ts';

/** Quiet: a browser looks for updates and news of its own otherwise. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium or Chrome without a window, where `pathOf` finds it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: pathOf('chromium')!, args: ARGUMENTS });
}
