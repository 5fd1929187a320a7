/** A fault of a server or of the network in front of it. */
export type Fault =
  /** Waits, then responds as usual. */
  | { kind: 'delay'; ms: number }
  /** Never responds. */
  | { kind: 'hang' }
  /** Resets the connection before any response. */
  | { kind: 'reset' }
  /** Sends the headers of the usual response, then resets the connection. */
  | { kind: 'reset-after-headers' }
  /** Resets the connection after this many bytes of the usual body. */
  | { kind: 'reset-mid-body'; afterBytes: number }
  /** Closes the connection cleanly after this many bytes of the usual body, short of its length. */
  | { kind: 'truncate'; afterBytes: number }
  /** Stops sending after this many bytes of the usual body, but keeps the connection. */
  | { kind: 'stall-mid-body'; afterBytes: number }
  /** Sends the usual body at this speed. */
  | { kind: 'drip'; bytesPerSecond: number }
  /** Responds with an HTML page, as proxies do. */
  | { kind: 'html'; status: number }
  /** Responds with 200 and truncated JSON. */
  | { kind: 'malformed-json' }
  /** Responds without a body. */
  | { kind: 'empty'; status: number }
  /** Responds with a status and Alfresco's error envelope, or the given body. */
  | { kind: 'status'; status: number; body?: string; headers?: Record<string, string> }
  /** Responds with a redirect, by default 302. */
  | { kind: 'redirect'; location: string; status?: number }
  /** Adds Set-Cookie, WWW-Authenticate and Server to the usual response. */
  | { kind: 'set-cookie' }
  /** Responds with 200 and one JSON document of about this many bytes. */
  | { kind: 'huge-json'; bytes: number }
  /** Responds with 200 and this entry. */
  | { kind: 'wrong-entry'; entry: unknown }
  /** Sends this many bytes more than Content-Length. */
  | { kind: 'long-body'; extraBytes: number };

/** The requests that a fault applies to; all given conditions must hold. */
export interface FaultMatch {
  method?: string;
  /** Tested against the raw request target. */
  path?: RegExp;
  /** How many requests; default 1, Infinity for all. */
  times?: number;
}

/** The faults waiting for matching requests. */
export class FaultQueue {
  #queued: { fault: Fault; match: FaultMatch; left: number }[] = [];

  add(fault: Fault, match: FaultMatch = {}): void {
    this.#queued.push({ fault, match, left: match.times ?? 1 });
  }

  clear(): void {
    this.#queued = [];
  }

  /** Takes the first fault that matches the request and counts it as applied. */
  take(method: string, target: string): Fault | undefined {
    const found = this.#queued.find(
      ({ match }) =>
        (match.method === undefined || match.method.toUpperCase() === method) &&
        // Unlike `test`, `search` ignores the lastIndex of a global expression.
        (match.path === undefined || target.search(match.path) >= 0),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#queued = this.#queued.filter((queued) => queued !== found);
    return found.fault;
  }
}
