import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type HttpRequest, pathOf } from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';
import { PUBLIC } from './auth.decorators.js';
import { type AuthenticatedRequest, CALLER, type Caller } from './caller.js';
import { LinkSigner, linkOf } from './signed-link.js';

/** Port: finds the caller of a request. `Authenticators` in the service, `ApplicationCallers` in an embedding application. */
export abstract class CallerSource {
  /** @throws ProblemException UNAUTHENTICATED, or when the source is not available */
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
  /** By handler: it does not change, and Nest's `Reflector` would search for it again at each request. */
  private readonly publicHandlers = new WeakMap<object, boolean>();

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
    if (caller instanceof Promise) return caller.then((found) => letPass(request, found));
    return letPass(request, caller);
  }

  private isPublic(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    let isPublic = this.publicHandlers.get(handler);
    if (isPublic === undefined) {
      const targets = [handler, context.getClass()];
      isPublic = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets) ?? false;
      this.publicHandlers.set(handler, isPublic);
    }
    return isPublic;
  }
}

function letPass(request: AuthenticatedRequest, caller: Caller): true {
  request[CALLER] = caller;
  return true;
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
    // Else all callers that the application names wrongly would own each other's downloads; in UTF-8, lone surrogates are one
    // and the same character.
    const { id } = caller;
    if (typeof id === 'string' && id !== '' && id.isWellFormed()) return caller;
    throw new TypeError(
      'callerOf has returned a caller without an id, or with one that is not a text',
    );
  }
}
