import { FailedLogins } from './failed-logins.js';
import { MemoryCounters } from './memory-counters.js';

const refused = { code: 'TOO_MANY_REQUESTS' };

describe('failed logins', () => {
  let logins: FailedLogins;
  let runs: number;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    logins = new FailedLogins(new MemoryCounters(), 3);
    runs = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** An attempt that takes a moment, as bcrypt does. */
  function attempt(isRight: boolean, name = 'alice', address = '192.0.2.1'): Promise<boolean> {
    return logins.attempt(address, name, async () => {
      runs += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return isRight;
    });
  }

  it('are let through up to the limit, one after the other', async () => {
    for (let i = 0; i < 3; i++) await expect(attempt(false)).resolves.toBe(false);
    await expect(attempt(true)).rejects.toMatchObject({
      ...refused,
      headers: { 'retry-after': '60' },
    });
    expect(runs).toBe(3);
  });

  it('are let through up to the limit, all at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => attempt(false)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(runs).toBe(3);
  });

  it('never hold back those that succeed, however many at once', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => attempt(true, `user-${i}`)));
    expect(all).toEqual(Array(50).fill(true));
  });

  it('count for an IPv6 network, which a single machine has to itself', async () => {
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3']) {
      await attempt(false, 'alice', address);
    }
    await expect(attempt(true, 'alice', '2001:db8::4')).rejects.toMatchObject(refused);
    await expect(attempt(true, 'alice', '2001:db8:0:1::1')).resolves.toBe(true);
  });

  it('do not count when the password could not be checked', async () => {
    for (let i = 0; i < 10; i++) {
      await expect(
        logins.attempt('192.0.2.1', 'alice', () => Promise.reject(new Error('out of memory'))),
      ).rejects.toThrow('out of memory');
    }
    await expect(attempt(true)).resolves.toBe(true);
  });
});
