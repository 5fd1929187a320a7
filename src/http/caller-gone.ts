import type { FastifyReply } from 'fastify';

/** Aborted when the caller's connection ends, with the answer or before it. To be asked for before anything is waited for. */
export function callerGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
