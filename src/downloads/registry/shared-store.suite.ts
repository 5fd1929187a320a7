import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DownloadRegistry } from './download-registry.js';
import {
  A_WHILE,
  hold,
  HOUR,
  LEASE,
  recordOf,
  REQUEST,
  type TestStore,
} from './samples.fixture.js';

/** The behaviour between processes that share a store, here two connections to it. */
export function describeSharedStore(store: TestStore): void {
  let here: DownloadRegistry;
  let there: DownloadRegistry;

  beforeEach(() => {
    here = store.open(HOUR);
    there = store.open(HOUR);
  });

  afterEach(() => Promise.all([here.close(), there.close()]));

  it('shows at once what another process has recorded or removed', async () => {
    await here.add(recordOf('d1'));
    await expect(there.ownerOf('d1')).resolves.toBe('basic:alice');
    await there.remove('d1');
    await expect(here.ownerOf('d1')).resolves.toBeUndefined();
  });

  it('grants a request to exactly one of fifty that claim it in two processes at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, number) => (number % 2 ? here : there).claim(REQUEST, LEASE)),
    );
    const states = results.map(({ state }) => state);
    expect(states.toSorted()).toEqual(['claimed', ...Array<string>(49).fill('running')]);
  });

  it('shows a completed request to another process', async () => {
    await here.add(recordOf('d1'), await hold(here));
    await expect(there.claim(REQUEST, LEASE)).resolves.toEqual({
      state: 'completed',
      downloadId: 'd1',
    });
  });

  it('keeps a row for the retention under which it was recorded', async () => {
    const brief = store.open(1);
    await here.add(recordOf('kept'));
    await brief.add(recordOf('gone'));
    await brief.close();
    await delay(A_WHILE);
    for (const registry of [here, there]) {
      await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({
        records: [recordOf('kept')],
        total: 1,
      });
    }
  });
}
