import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AuthenticatedRequest, Caller } from './caller.js';

/** The caller of the request, as a parameter of a handler. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Caller => {
    const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    // A route that is open to everyone has nobody to name; failing is better than inventing someone.
    if (!caller) throw new Error('a handler asks for the caller of a route without authentication');
    return caller;
  },
);
