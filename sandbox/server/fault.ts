/** A misbehaviour, of a server or of the network in front of it. */
export type Fault =
  /** Waits, then answers as usual. */
  | { kind: 'delay'; ms: number }
  /** Takes the request and never answers. */
  | { kind: 'hang' }
  /** Resets the connection before any answer. */
  | { kind: 'reset' }
  /** Sends the headers of the usual answer, then resets the connection. */
  | { kind: 'reset-after-headers' }
  /** Resets the connection after so many bytes of the usual body. */
  | { kind: 'reset-mid-body'; afterBytes: number }
  /** Closes the connection cleanly after so many bytes of the usual body, short of its announced end. */
  | { kind: 'truncate'; afterBytes: number }
  /** Sends no more after so many bytes of the usual body, but keeps the connection. */
  | { kind: 'stall-mid-body'; afterBytes: number }
  /** Sends the usual body at this speed. */
  | { kind: 'drip'; bytesPerSecond: number }
  /** Answers with a page of HTML, as proxies do. */
  | { kind: 'html'; status: number }
  /** Answers 200 with JSON that breaks off. */
  | { kind: 'malformed-json' }
  /** Answers without a body. */
  | { kind: 'empty'; status: number }
  /** Answers with a status and Alfresco's error envelope, unless a body is given. */
  | { kind: 'status'; status: number; body?: string; headers?: Record<string, string> }
  /** Answers with a redirect, 302 unless a status is given. */
  | { kind: 'redirect'; location: string; status?: number }
  /** Adds Set-Cookie, WWW-Authenticate and Server to the usual answer. */
  | { kind: 'set-cookie' }
  /** Answers 200 with one JSON document of about so many bytes. */
  | { kind: 'huge-json'; bytes: number }
  /** Answers 200 with this entry in place of the right one. */
  | { kind: 'wrong-entry'; entry: unknown }
  /** Sends so many bytes more than Content-Length says. */
  | { kind: 'long-body'; extraBytes: number };

/** Which requests a fault befalls; every condition given must hold. */
export interface FaultMatch {
  method?: string;
  /** Tested against the raw request target. */
  path?: RegExp;
  /** How many requests; default 1, Infinity for all. */
  times?: number;
}

/** The faults that wait for their requests. */
export class FaultQueue {
  #queued: { fault: Fault; match: FaultMatch; left: number }[] = [];

  add(fault: Fault, match: FaultMatch = {}): void {
    this.#queued.push({ fault, match, left: match.times ?? 1 });
  }

  clear(): void {
    this.#queued = [];
  }

  /** The first fault that fits the request, which thereby uses one of its times. */
  take(method: string, target: string): Fault | undefined {
    const found = this.#queued.find(
      ({ match }) =>
        (match.method === undefined || match.method.toUpperCase() === method) &&
        // `search` takes no notice of a global expression's lastIndex.
        (match.path === undefined || target.search(match.path) >= 0),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#queued = this.#queued.filter((queued) => queued !== found);
    return found.fault;
  }
}
