import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TicketStore } from './ticket-store.js';

export const HOUR = 3_600_000;
/** More than a ticket of one millisecond lives. */
export const A_WHILE = 25;

/** The behaviour that every store has; `open` opens one more connection to it. */
export function describeTicketStore(open: () => TicketStore): void {
  let here: TicketStore;
  let there: TicketStore;
  beforeEach(() => {
    here = open();
    there = open();
  });
  afterEach(() => Promise.all([here.close(), there.close()]));

  it('shows the holder of a ticket to another process', async () => {
    await here.save('h', 'alice', HOUR);
    const record = await there.find('h');
    expect(record?.holder).toBe('alice');
    expect(record?.remainingMs).toBeGreaterThan(HOUR - 10_000);
    expect(record?.remainingMs).toBeLessThanOrEqual(HOUR);
    await expect(there.find('H')).resolves.toBeUndefined();
  });

  it('ends a ticket for all processes', async () => {
    await here.save('h', 'alice', HOUR);
    await there.remove('h');
    await there.remove('h');
    await expect(here.find('h')).resolves.toBeUndefined();
  });

  it('ends a ticket when its time is over', async () => {
    await here.save('h', 'alice', 1);
    await delay(A_WHILE);
    await expect(here.find('h')).resolves.toBeUndefined();
  });

  it('renews a ticket that is alive, but not one that has ended', async () => {
    await here.save('alive', 'alice', 60_000);
    await here.save('over', 'alice', 1);
    await here.save('out', 'alice', HOUR);
    await here.remove('out');
    await delay(A_WHILE);
    for (const hash of ['alive', 'over', 'out']) await there.renew(hash, HOUR);
    expect((await here.find('alive'))?.remainingMs).toBeGreaterThan(60_000);
    await expect(here.find('over')).resolves.toBeUndefined();
    await expect(here.find('out')).resolves.toBeUndefined();
  });
}
