import type { Metrics } from '../../observability/metrics.js';
import type { DownloadRegistry } from './download-registry.js';

/** Seconds. The store is on the same machine, or next to it. */
const BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5];

/** The store, with a metric of how long each operation takes and whether it fails. */
export function timedRegistry(store: DownloadRegistry, metrics: Metrics): DownloadRegistry {
  const durations = metrics.distribution(
    'bff_registry_operation_duration_seconds',
    'Operations of the store, waiting for their turn included.',
    ['operation', 'outcome'],
    BUCKETS,
  );
  const timed =
    <Args extends unknown[], T>(operation: string, call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const startedAt = performance.now();
      let outcome = 'error';
      try {
        const result = await call(...args);
        outcome = 'ok';
        return result;
      } finally {
        durations.observe([operation, outcome], (performance.now() - startedAt) / 1000);
      }
    };
  return {
    add: timed('add', (...args) => store.add(...args)),
    ownerOf: timed('owner_of', (...args) => store.ownerOf(...args)),
    list: timed('list', (...args) => store.list(...args)),
    remove: timed('remove', (...args) => store.remove(...args)),
    claim: timed('claim', (...args) => store.claim(...args)),
    release: timed('release', (...args) => store.release(...args)),
    renameOwners: timed('rename_owners', (...args) => store.renameOwners(...args)),
    ping: timed('ping', (...args) => store.ping(...args)),
    close: () => store.close(),
  };
}
