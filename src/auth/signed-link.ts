import type { ExecutionContext } from '@nestjs/common';
import { ACCEPTS_LINK } from './accepts-link.decorator.js';
import { LINK_PARAMETER } from './link-signer.js';

/** A link in the query of a route that accepts one, also a wrong one: whoever sends one wants it to count. */
export function linkOf(context: ExecutionContext): string | undefined {
  const { query } = context.switchToHttp().getRequest<{ query?: Record<string, unknown> }>();
  const link = query?.[LINK_PARAMETER];
  if (link === undefined || !Reflect.hasMetadata(ACCEPTS_LINK, context.getHandler())) {
    return undefined;
  }
  // Two of them are an array, and no link that this service made.
  return typeof link === 'string' ? link : '';
}

/**
 * Whether a request has a signed link instead of credentials: a GET or HEAD of the content of a download, with `link` in its
 * query. The guard of an application that embeds the API has to let these pass, as it cannot know who made the link; the
 * API's own guard, which runs after it, refuses what is not genuine, has expired, or is for another path.
 *
 * @example
 * canActivate(context: ExecutionContext): boolean {
 *   if (hasSignedLink(context)) return true;
 *   ...
 * }
 */
export function hasSignedLink(context: ExecutionContext): boolean {
  return linkOf(context) !== undefined;
}
