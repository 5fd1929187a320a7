import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { LOCK_MS, LOGIN_METHODS, attempts, lockAccount, retryAfter } from './locked-account.js';

const it = configured({ sandbox: { estimateDelayMs: 1 } });

describe('an account that Alfresco has locked', () => {
  it.for(LOGIN_METHODS)(
    'is accepted again within a minute with ALFRESCO_AUTH=%s, although 20 callers keep polling',
    { timeout: 120_000 },
    async (ALFRESCO_AUTH, { sandbox }) => {
      await lockAccount(sandbox);
      sandbox.clearRequests();
      const bff = await startBff(sandbox.url, { ALFRESCO_AUTH });
      onTestFinished(() => bff.close());
      const api = DownloadsApi.ofBff(bff.url);
      const began = performance.now();
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          while ((await retryAfter(api)) !== undefined) await sleep(100);
        }),
      );
      const tookMs = performance.now() - began;
      expect(tookMs).toBeGreaterThan(LOCK_MS);
      expect(tookMs).toBeLessThan(60_000);
      expect(attempts(sandbox)).toBeLessThan(7);
    },
  );
});
