import { type ExecutionContext, SetMetadata, createParamDecorator } from '@nestjs/common';
import { type AuthenticatedRequest, CALLER, type Caller } from './caller.js';

export const PUBLIC = 'auth:public';

/** Opens a route to callers without credentials. */
export const Public = () => SetMetadata(PUBLIC, true);

export const ACCEPTS_LINK = 'auth:accepts-link';

/** Lets a signed link in the query stand in for credentials on this route. */
export const AcceptsLink = () => SetMetadata(ACCEPTS_LINK, true);

/** The caller of the request, as a parameter of a handler. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Caller => {
    const { [CALLER]: caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    // A `@Public()` route has none; failing is better than inventing one.
    if (!caller) throw new Error('a handler asks for the caller of a route without authentication');
    return caller;
  },
);
