import { PACING } from '../../config/pacing.js';
import type { Peers, WorkerContext } from '../../config/worker-context.js';
import { openStore } from '../../store/open-store.js';
import { RedisPeers } from './redis-peers.js';

/**
 * The other processes of the service, as far as the store names them: those with the same Redis, on any machine, or the
 * workers of the same primary. `undefined` when there can be none, or they have nothing but a SQLite file in common.
 *
 * @param url `STORE_URL`
 * @throws ConfigurationError when the URL cannot be used
 */
export function openPeers(url: string, pacing = PACING, worker?: WorkerContext): Peers | undefined {
  return openStore<Peers | undefined>(url, {
    sqlite: () => worker?.peers,
    redis: (address) => new RedisPeers(address, pacing),
  });
}
