import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransferLimiter } from '#service/alfresco/content/transfer-limiter.js';
import { UpstreamEvents } from '#service/alfresco/http/upstream-call.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { createCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { proxied } from '../harness/proxied.js';

const pacing = { retry: { firstMs: 5, longestMs: 20 } };

const idle = proxied({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '0' },
  pacing,
})
  .extend('id', ({ api }) => api.createFinished([SAMPLE_NODES.textFile]))
  .extend('running', ({ api }) => api.startStuck())
  /** Breaks connections that have served a request as soon as they are reused; new ones work. */
  .extend('breakUsed', ({ api, proxy, running }) => async (end: (socket: Socket) => void) => {
    const used = new WeakSet<Socket>();
    proxy.onRequest = {
      line: /./,
      misbehave: (socket) => {
        if (used.has(socket)) return end(socket);
        used.add(socket);
        return 'pass';
      },
    };
    // Leaves a connection that has served a request.
    await api.status(running);
    proxy.requestLines.length = 0;
  });

/** Three quarters of the connections. */
const MOST = 3;
const limited = configured({
  // More than all buffers on the way can hold.
  sandbox: { largeFileBytes: 80_000_000, estimateDelayMs: 1 },
  variables: {
    ALFRESCO_MAX_CONNECTIONS: '4',
    MAX_TRANSFERS_PER_CALLER: '3',
    ALFRESCO_TIMEOUT_MS: '1000',
    STATUS_FRESHNESS_MS: '0',
  },
  pacing,
})
  .extend('downloads', { scope: 'file' }, async ({ bff }) => {
    const api = new DownloadsApi(bff.url, createCaller().headers);
    return {
      api,
      id: await api.createFinished([SAMPLE_NODES.largeFile]),
      running: await api.startStuck(),
    };
  })
  .extend('transfers', ({ bff, sandbox, downloads: { api, id } }) => {
    const save = (signal?: AbortSignal) =>
      api.request('GET', `/downloads/${id}/content`, signal ? { signal } : {});
    return {
      save,
      /** Starts transfers whose clients read nothing. */
      hold: async (count: number): Promise<Response[]> => {
        const responses = await Promise.all(Array.from({ length: count }, () => save()));
        expect(responses.map(({ status }) => status)).toEqual(Array(count).fill(200));
        return responses;
      },
      drop: async (responses: readonly Response[]): Promise<void> => {
        for (const { body } of responses) await body?.cancel();
      },
      /** Waits until this many transfers are queued. */
      waiting: (count: number) =>
        until(
          () => bff.app.get(TransferLimiter).waiting,
          (waiting) => waiting === count,
        ),
      /** Waits until Alfresco no longer sends any ZIP. */
      idle: () =>
        until(
          () => sandbox.activeResponses,
          (active) => active === 0,
        ),
    };
  });

describe('a connection that Alfresco has closed as idle', () => {
  const ends: [string, (socket: Socket) => void][] = [
    ['resets', (socket) => void socket.resetAndDestroy()],
    ['closes', (socket) => void socket.end()],
  ];

  idle.for(ends)(
    'and %s when it is reused is replaced, and the request is retried where that is safe',
    async ([, end], { api, proxy, running, breakUsed }) => {
      await breakUsed(end);
      expect((await api.request('GET', `/downloads/${running}`)).status).toBe(200);
      expect(proxy.requestLines).toHaveLength(2);
    },
  );

  idle.for(ends)(
    'and %s when it is reused breaks neither a cancellation nor a ZIP',
    async ([, end], { api, proxy, id, breakUsed }) => {
      await breakUsed(end);
      expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
      expect(proxy.requestLines).toHaveLength(2);
      proxy.reset();
      await breakUsed(end);
      expect(await api.content(id)).not.toHaveLength(0);
    },
  );

  idle.for(ends)(
    'and %s when it is reused never makes the service send a POST or a removal twice',
    async ([, end], { api, proxy, sandbox, id, breakUsed }) => {
      const before = sandbox.downloadIds().length;
      await breakUsed(end);
      const response = await api.create([SAMPLE_NODES.textFile]);
      expect(await response.json()).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
      expect(proxy.requestLines).toHaveLength(1);
      expect(sandbox.downloadIds()).toHaveLength(before);

      await breakUsed(end);
      expect((await api.request('DELETE', `/nodes/${id}`)).status).toBe(502);
      expect(proxy.requestLines.filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
      expect(sandbox.downloadIds()).toContain(id);
    },
  );

  idle(
    'does not keep a POST from being sent once Alfresco accepts connections again',
    async ({ api, bff, proxy, sandbox }) => {
      const before = sandbox.downloadIds().length;
      const listen = await proxy.refuse();
      const retry = once(bff.app.get(UpstreamEvents), 'retry').then(listen);
      expect((await api.create([SAMPLE_NODES.textFile])).status).toBe(202);
      await retry;
      expect(proxy.requestLines).toHaveLength(1);
      expect(sandbox.downloadIds()).toHaveLength(before + 1);
    },
  );
});

describe('ZIPs that are being sent', () => {
  limited.afterEach(({ transfers }) => transfers.idle());

  limited(
    'leave connections to requests for the status of downloads',
    async ({ downloads: { api, running }, sandbox, transfers }) => {
      const held = await transfers.hold(MOST);
      const responses = await Promise.all(
        Array.from({ length: 50 }, () => api.request('GET', `/downloads/${running}`)),
      );
      expect(responses.every(({ ok }) => ok)).toBe(true);
      expect(sandbox.openConnections).toBeLessThanOrEqual(4);
      await transfers.drop(held);
    },
  );

  limited(
    'queue one more, and reject it when the wait is too long',
    async ({ sandbox, transfers }) => {
      const held = await transfers.hold(MOST);
      const refused = await transfers.save();
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await refused.json()).toMatchObject({ status: 503, code: 'ALFRESCO_UNAVAILABLE' });
      expect(sandbox.activeResponses).toBe(MOST);

      const waiting = transfers.save();
      await transfers.waiting(1);
      await held[0]!.body?.cancel();
      const next = await waiting;
      expect(next.status).toBe(200);
      await transfers.drop([...held.slice(1), next]);
    },
  );

  limited('leave the queue when their client disconnects', async ({ transfers }) => {
    const held = await transfers.hold(MOST);
    const client = new AbortController();
    const disconnected = expect(transfers.save(client.signal)).rejects.toThrow();
    await transfers.waiting(1);
    client.abort();
    await disconnected;
    await transfers.waiting(0);
    await transfers.drop(held);
    await transfers.idle();
    await transfers.drop(await transfers.hold(MOST));
  });

  limited('release their slots however they end', async ({ sandbox, transfers }) => {
    for (let round = 0; round < 30; round += 1) {
      const client = new AbortController();
      if (round % 2 === 0) {
        const kind = round % 4 === 0 ? 'reset-mid-body' : 'truncate';
        sandbox.fail({ kind, afterBytes: round * 1000 }, { path: /\/content$/ });
      }
      const transfer = transfers.save(client.signal).then(async ({ body }) => {
        await sleep(round % 7);
        await body?.cancel();
      });
      if (round % 3 === 0) void sleep(round % 11).then(() => client.abort());
      await transfer.catch(() => {});
    }
    sandbox.clearFaults();
    await transfers.idle();
    await transfers.drop(await transfers.hold(MOST));
  });
});
