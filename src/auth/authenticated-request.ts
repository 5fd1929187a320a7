import type { FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';

/** A request after `CallerGuard` has let it pass. */
export type AuthenticatedRequest = FastifyRequest & { caller?: Caller };
