const SQLITE = 'sqlite:';

/**
 * The kinds of store that STORE_URL can name, with what to open for each.
 *
 * To add a kind: a member here and its address in `openStore` (and in `STORE_URL` of config/environment.ts, which
 * refuses others). The compiler then names every place that has to say what it keeps there: `openRegistry`
 * (downloads/registry), `openTicketStore` (auth/tickets) and the counters of rate-limit.
 * The connection and the names of its failures belong here in store/; rows, keys and scripts beside the interface
 * that they implement, `DownloadRegistry` or `TicketStore`, whose suites of tests run on every kind.
 */
export interface StoreKinds<T> {
  /** @param path of a file that the processes of one machine share, or `:memory:` */
  sqlite(path: string): T;
  /** @param url of a Redis that several machines share */
  redis(url: string): T;
}

/** @param url `STORE_URL`, with a scheme that config/ has checked */
export function openStore<T>(url: string, kinds: StoreKinds<T>): T {
  return url.startsWith(SQLITE) ? kinds.sqlite(url.slice(SQLITE.length)) : kinds.redis(url);
}
