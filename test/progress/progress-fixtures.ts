import { ProgressTracker } from '#service/downloads/progress/progress-tracker.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { RecordedRequest } from '../../sandbox/sandbox.ts';
import type { Bff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

/** `STATUS_FRESHNESS_MS`, and so the polling interval of a download that progresses. */
export const FRESHNESS_MS = 20;
const SLOWEST_MS = 100;
const HEARTBEAT_MS = 50;

/**
 * Tests of a service that polls often; `largeFile` is small, but too large for a ZIP together with `mediumFile`.
 *
 * - `held`: the id of a started download that makes no progress until `sandbox.bytesPerSecond` is undefined.
 * - `open`: opens the events of a download.
 * - `watchers`: the number of watchers of all downloads, which must be zero after a test.
 * - `statusRequests`: the requests to Alfresco for the progress of a download.
 */
export function progressTests(variables: Record<string, string> = {}) {
  return configured({
    // Alfresco’s second progress report about a file comes after 10 MB.
    sandbox: { largeFileBytes: 11_000_000, maxContentSize: 25_000_000 },
    variables: { STATUS_FRESHNESS_MS: String(FRESHNESS_MS), ...variables },
    pacing: {
      polling: { fastestMs: FRESHNESS_MS, slowestMs: SLOWEST_MS },
      events: { heartbeatMs: HEARTBEAT_MS },
      retry: { firstMs: 2, longestMs: 10 },
      breaker: { firstMs: 1, longestMs: 1 },
    },
  })
    .extend('watchers', { auto: true }, ({ bff }, { onCleanup }) => {
      const watchers = () => watchersOf(bff);
      onCleanup(async () => {
        await until(watchers, (count) => count === 0);
      });
      return watchers;
    })
    .extend('held', async ({ sandbox, api }) => {
      sandbox.bytesPerSecond = 0;
      const id = await api.start([SAMPLE_NODES.largeFile]);
      await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
      return id;
    })
    .extend(
      'open',
      ({ bff, user }) =>
        (id: string, headers: Record<string, string> = {}) =>
          Events.open(bff.url, id, { ...user.headers, ...headers }),
    )
    .extend(
      'statusRequests',
      ({ sandbox }) =>
        (id: string): RecordedRequest[] =>
          sandbox.requests.filter(
            ({ method, url }) => method === 'GET' && url.endsWith(`/downloads/${id}`),
          ),
    );
}

export function watchersOf(bff: Bff): number {
  return bff.app.get(ProgressTracker, { strict: false }).watcherCount;
}
