import { EventEmitter } from 'node:events';

/** How a call of the provider ended: it gave tokens, it did not, or it did not respond. */
export type ProviderOutcome = 'success' | 'refused' | 'unavailable';

/** Why sessions ended: by the caller, by the provider, by another log-in of the same browser, without a grant, by time. */
export type EndReason = 'logout' | 'backchannel' | 'login' | 'refused' | 'expired';

/** What becomes of log-ins and sessions, for those who count it. */
export class SessionEvents extends EventEmitter<{
  login: [outcome: ProviderOutcome];
  refresh: [outcome: ProviderOutcome];
  ended: [reason: EndReason, count: number];
}> {}
