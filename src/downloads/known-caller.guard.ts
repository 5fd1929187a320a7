import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { CALLER, LINKED_FILE_NAME } from '../auth/auth.decorators.js';
import { type LinkGrant, LinkSigner, linkOf } from '../auth/signed-link.js';
import { type HttpRequest, pathOf } from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';
import { DOWNLOADS_OPTIONS, type DownloadsModuleOptions } from './downloads-options.js';

type KnownRequest = HttpRequest & { [CALLER]?: Caller; [LINKED_FILE_NAME]?: string };

/** Lets a request for the API pass when its caller is known: by a signed link, or to the guards of the application. */
@Injectable()
export class KnownCallerGuard implements CanActivate {
  constructor(
    @Inject(DOWNLOADS_OPTIONS) private readonly options: DownloadsModuleOptions,
    private readonly links: LinkSigner,
  ) {}

  /** @throws ProblemException UNAUTHENTICATED, LINK_INVALID */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<KnownRequest>();
    const link = linkOf(context);
    const { caller, fileName }: LinkGrant =
      link === undefined
        ? { caller: this.name(request) }
        : this.links.verify(pathOf(request.originalUrl), link, request.headers);
    request[CALLER] = caller;
    request[LINKED_FILE_NAME] = fileName;
    return true;
  }

  private name(request: HttpRequest): Caller {
    const caller = this.options.callerOf(request);
    if (caller === undefined) throw new ProblemException('UNAUTHENTICATED');
    // Else everyone whom the application names wrongly would be the same caller; in UTF-8, all halves of surrogate pairs are.
    const { id } = caller;
    if (typeof id === 'string' && id !== '' && id.isWellFormed()) return caller;
    throw new TypeError(
      'callerOf has returned a caller without an id, or with one that is no text',
    );
  }
}
