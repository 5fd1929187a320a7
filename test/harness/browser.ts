import { type Browser, chromium } from 'playwright-core';
import { pathOf } from './programs.ts';

/** Without these, the browser calls home for updates and the like. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Headless Chromium or Chrome, from where `pathOf` finds it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: pathOf('chromium')!, args: ARGUMENTS });
}
