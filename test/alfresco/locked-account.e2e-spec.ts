import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { clockOfFile } from '../harness/clock.js';
import { configured } from '../harness/fixtures.js';
import { LOCK_MS, LOGIN_METHODS, attempts, lockAccount, retryAfter } from './locked-account.js';

const skip = clockOfFile();

/** Tests that start services whose account Alfresco has not rejected yet. */
const it = configured({ sandbox: { estimateDelayMs: 1 } }).extend(
  'start',
  ({ sandbox }, { onCleanup }) => {
    // So that the account is unlocked for the next test.
    onCleanup(() => skip(LOCK_MS));
    return async (variables: Record<string, string>) => {
      const bff = await startBff(sandbox.url, variables);
      onTestFinished(() => bff.close());
      return DownloadsApi.ofBff(bff.url);
    };
  },
);

describe('an account that Alfresco rejects', () => {
  it.for(LOGIN_METHODS)(
    'is tried less and less often with ALFRESCO_AUTH=%s, and callers get the time of the next attempt',
    async (way, { sandbox, start }) => {
      const api = await start({ ALFRESCO_AUTH: way, ALFRESCO_PASSWORD: 'not-it' });
      const waits = new Set<number>();
      // Five minutes of a caller that polls twice a second.
      for (let half = 0; half < 600; half += 1) {
        waits.add((await retryAfter(api))!);
        skip(500);
      }
      // Waits of 1, 2, 4, 8, 16 and 32 seconds, then of a minute; jitter shortens each by up to a quarter.
      expect(attempts(sandbox)).toBeGreaterThan(8);
      expect(attempts(sandbox)).toBeLessThan(14);
      expect(Math.max(...waits)).toBeGreaterThan(40);
      expect(Math.max(...waits)).toBeLessThanOrEqual(60);
    },
  );

  it.for(LOGIN_METHODS)(
    'is tried by only one of many concurrent calls with ALFRESCO_AUTH=%s',
    async (way, { sandbox, start }) => {
      const api = await start({ ALFRESCO_AUTH: way, ALFRESCO_PASSWORD: 'not-it' });
      for (const expected of [1, 2]) {
        await Promise.all(Array.from({ length: 50 }, () => retryAfter(api)));
        expect(attempts(sandbox)).toBe(expected);
        skip(1000);
      }
    },
  );

  it.for(LOGIN_METHODS)(
    'is accepted again after a lock with ALFRESCO_AUTH=%s, although callers keep polling',
    async (way, { sandbox, start }) => {
      await lockAccount(sandbox);
      sandbox.clearRequests();
      const api = await start({ ALFRESCO_AUTH: way });
      let seconds = 0;
      for (; (await retryAfter(api)) !== undefined; seconds += 1) skip(1000);
      expect(seconds).toBeGreaterThan(LOCK_MS / 1000);
      expect(seconds).toBeLessThan(60);
      expect(attempts(sandbox)).toBeLessThan(7);
    },
  );

  it('does not concern a ticket that the service already has', async ({ sandbox, start }) => {
    const api = await start({});
    expect(await retryAfter(api)).toBeUndefined();
    await lockAccount(sandbox);
    expect(await retryAfter(api)).toBeUndefined();
  });
});
