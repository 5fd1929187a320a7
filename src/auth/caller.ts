import type { FastifyRequest } from 'fastify';

/** Who is calling, as far as the rest of the service may know. */
export interface Caller {
  readonly name: string;
}

/** The caller when `AUTH=none`. */
export const ANONYMOUS: Caller = { name: 'anonymous' };

/** A request after `CallerGuard` has let it pass. */
export type AuthenticatedRequest = FastifyRequest & { caller?: Caller };
