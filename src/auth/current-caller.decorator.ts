import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from './caller.js';

/** Where the guard of the downloads API leaves the caller: in the way of no property of an application that embeds it. */
export const CALLER = Symbol('caller');

/** The caller of the request, as a parameter of a handler. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Caller => {
    const { [CALLER]: caller } = context.switchToHttp().getRequest<{ [CALLER]?: Caller }>();
    // A route that is open to everyone has nobody to name; failing is better than inventing someone.
    if (!caller) throw new Error('a handler asks for the caller of a route without authentication');
    return caller;
  },
);
