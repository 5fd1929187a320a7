import { type ExecutionContext, SetMetadata, createParamDecorator } from '@nestjs/common';
import type { Caller } from './caller.js';

export const PUBLIC = 'auth:public';

/** Opens a route to callers without credentials. */
export const Public = () => SetMetadata(PUBLIC, true);

export const ACCEPTS_LINK = 'auth:accepts-link';

/** Lets a signed link in the query stand in for credentials on this route. */
export const AcceptsLink = () => SetMetadata(ACCEPTS_LINK, true);

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

/** Where the guard of the downloads API leaves the name that a signed link has for the ZIP. */
export const LINKED_FILE_NAME = Symbol('linked-file-name');

/** The name under which the signed link of the request wants the ZIP saved, if it has one, as a parameter of a handler. */
export const LinkedFileName = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ [LINKED_FILE_NAME]?: string }>()[LINKED_FILE_NAME],
);
