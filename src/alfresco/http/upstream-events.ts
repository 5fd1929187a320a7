import type { BreakerState } from './circuit-breaker.js';

/**
 * A class of calls: `read` looks at a download, `write` makes, cancels or removes one, `content` opens a ZIP, `resume` goes
 * on with one, `login` obtains credentials, `probe` asks whether Alfresco is ready. All have a breaker but the probe, which
 * has to know, and `resume`: a caller waits in the middle of a ZIP, which has pauses and a limit of its own.
 */
export type Operation = 'read' | 'write' | 'content' | 'resume' | 'login' | 'probe';

/** What happens to calls beside their answers. Nothing in it is a secret. */
export interface UpstreamEvents {
  /** A request is sent again. `cause` is the code of a failure, or `status 503`. */
  retry: [{ readonly operation: Operation; readonly cause: string }];
  /** A call is refused without asking Alfresco: its breaker is open, or all places for ZIPs are taken. */
  rejection: [{ readonly operation: Operation; readonly reason: 'breaker' | 'places' }];
  /** A breaker has changed. */
  breaker: [{ readonly operation: Operation; readonly state: BreakerState }];
  /** A ZIP that had broken off goes on, or cannot. `cause` is the code of the failure. */
  resume: [{ readonly outcome: 'resumed' | 'failed'; readonly cause: string }];
}
