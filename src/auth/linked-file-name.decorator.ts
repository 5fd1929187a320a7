import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Where the guard of the downloads API leaves the name that a signed link has for the ZIP. */
export const LINKED_FILE_NAME = Symbol('linked-file-name');

/** The name under which the signed link of the request wants the ZIP saved, if it has one, as a parameter of a handler. */
export const LinkedFileName = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ [LINKED_FILE_NAME]?: string }>()[LINKED_FILE_NAME],
);
