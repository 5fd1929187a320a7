import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type HttpRequest, pathOf } from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';
import { PUBLIC } from './auth.decorators.js';
import { type AuthenticatedRequest, CALLER, type Caller } from './caller.js';
import { LinkSigner, linkOf } from './signed-link.js';

/** Where `CallerGuard` learns who is calling: `Authenticators` in the service, `ApplicationCallers` in another application. */
export abstract class CallerSource {
  /** @throws ProblemException UNAUTHENTICATED, and what the source meets on its way */
  abstract callerOf(request: HttpRequest): Caller | Promise<Caller>;
}

/**
 * Lets a request pass when its caller is known, and puts the caller on it. The only guard that does.
 *
 * In the service it stands before all other guards, for every route (`APP_GUARD`), so that a new route is closed until it
 * says `@Public()`; the limit on callers, which counts by caller, comes next. The controllers of the downloads API bring it
 * along as well, for an application that embeds them: there it comes after the guards of the application, from which
 * `callerOf` reads. Where it has run already, it has nothing to do.
 */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly links: LinkSigner,
    private readonly source: CallerSource,
  ) {}

  /** @throws ProblemException LINK_INVALID, UNAUTHENTICATED, and those of the source */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest & HttpRequest>();
    if (request[CALLER] !== undefined || this.isPublic(context)) return true;
    const link = linkOf(context);
    // A link comes first: it is followed for its maker, also in a browser that sends credentials of its own with it.
    const caller =
      link === undefined
        ? this.source.callerOf(request)
        : this.links.verify(pathOf(request.originalUrl), link, request.headers);
    return caller instanceof Promise ? letPassLater(request, caller) : letPass(request, caller);
  }

  private isPublic(context: ExecutionContext): boolean | undefined {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets);
  }
}

function letPass(request: AuthenticatedRequest, caller: Caller): true {
  request[CALLER] = caller;
  return true;
}

async function letPassLater(
  request: AuthenticatedRequest,
  caller: Promise<Caller>,
): Promise<boolean> {
  return letPass(request, await caller);
}

/** The callers that an embedding application names. Without a challenge: how to log in is up to the application. */
export class ApplicationCallers extends CallerSource {
  /** @param find `callerOf` of the options */
  constructor(private readonly find: (request: object) => Caller | undefined) {
    super();
  }

  /** @throws TypeError when the application names a caller without an id */
  override callerOf(request: HttpRequest): Caller {
    const caller = this.find(request);
    if (caller === undefined) throw new ProblemException('UNAUTHENTICATED');
    // Else everyone whom the application names wrongly would be the same caller; in UTF-8, all halves of surrogate pairs are.
    const { id } = caller;
    if (typeof id === 'string' && id !== '' && id.isWellFormed()) return caller;
    throw new TypeError(
      'callerOf has returned a caller without an id, or with one that is no text',
    );
  }
}
