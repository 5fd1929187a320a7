import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Screenshots of every state, for people to review. */
const SCREENSHOTS = join(process.cwd(), 'screenshots');
const HEIGHT = 900;
/** `zoomed` is what is left of 1280 pixels at 200 %. */
const WIDTHS = { wide: 1280, zoomed: 640, phone: 390, narrow: 320 } as const;

/** Colour scheme and window size of a user. */
export type Look = readonly ['light' | 'dark', keyof typeof WIDTHS];

export const ALL_LOOKS: readonly Look[] = [
  ['light', 'wide'],
  ['light', 'narrow'],
  ['dark', 'wide'],
  ['dark', 'narrow'],
];

/** Each colour and each width once. */
export const TWO_LOOKS: readonly Look[] = [
  ['light', 'wide'],
  ['dark', 'narrow'],
];

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { html: string }[];
  }[];
}

/** Takes a picture of the page as it is now, has axe check it, and checks that nothing is wider than the window. */
export async function expectAccessible(
  { page }: { readonly page: Page },
  state: string,
  looks: readonly Look[] = ALL_LOOKS,
): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  // Not as a script of the page: its security policy allows none from elsewhere.
  await page.evaluate(axe.source);
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: WIDTHS[width], height: HEIGHT });
    const height = await page.evaluate<number>('document.documentElement.scrollHeight');
    // As tall as the page: otherwise elements that stick to the bottom of the window would cover content in the screenshot.
    await page.setViewportSize({ width: WIDTHS[width], height });
    const name = `${state}-${colorScheme}-${width}`;
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
    );
    expect(found, name).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(
      WIDTHS[width],
    );
  }
  await page.setViewportSize({ width: WIDTHS.wide, height: HEIGHT });
}
