const SQLITE = 'sqlite:';

/**
 * The kinds of store that STORE_URL can name, with what to open for each.
 *
 * To add a kind:
 *
 * 1. Accept its address in `STORE_URL` (config/environment.ts), and tell it from the others in `openStore`, with a
 *    member here. The compiler then names the five places that have to open something for it: `openRegistry`
 *    (downloads/registry), `openPeers` (downloads/progress), `openTicketStore` and `openSessionStore` (auth/stores.ts), and
 *    `createCounters` (rate-limit).
 * 2. Write its connection, and the short names of its failures for the log, in this folder.
 * 3. Implement `DownloadRegistry`, `TicketStore` and `SessionStore` beside them, with the keys, statements or scripts that
 *    each needs, and run their suites on it: `describeRegistry`, `describeSharedStore`, `describeTicketStore` and
 *    `describeSessionStore`.
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
