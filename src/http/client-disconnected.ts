import { type HttpReply, rawResponse } from './http-reply.js';

/** Aborted when the caller's connection ends, with the answer or before it. To be asked for before anything is waited for. */
export function callerGone(reply: HttpReply): AbortSignal {
  const gone = new AbortController();
  rawResponse(reply).once('close', () => gone.abort());
  return gone.signal;
}
