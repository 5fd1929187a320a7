import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { clientAddress, headerCount } from '../http/http-request.js';
import type { Challenge } from '../problems/problem.filter.js';
import { type Scheme, schemeOf } from './challenge.js';
import { ProblemException } from '../problems/problem.exception.js';
import { ANONYMOUS, type Caller } from './caller.js';
import { CallerSource } from './caller.guard.js';

/** The caller; `undefined` without credentials of this kind; `false` when they are wrong, and nothing else is to be tried. */
export type Authentication = Caller | false | undefined;

/**
 * One kind of credentials.
 *
 * To add one: implement this, put it into the list in `AuthModule` where it is to be tried, and describe it in
 * `challengeFor` and in the OpenAPI document.
 */
export interface Authenticator {
  /**
   * Returns a promise only where there is something to wait for: this runs for every request.
   *
   * @param authorization the `Authorization` header, if there is exactly one
   * @throws ProblemException when it cannot be found out who is calling
   */
  authenticate(
    request: FastifyRequest,
    authorization: string | undefined,
  ): Authentication | Promise<Authentication>;
}

/** With `AUTH=none`. */
export const anonymousAuthenticator: Authenticator = { authenticate: () => ANONYMOUS };

/** Finds the callers of the service: asks one authenticator after the other, until one knows the caller. */
export class Authenticators extends CallerSource {
  constructor(
    private readonly authenticators: readonly Authenticator[],
    private readonly challenge: Challenge,
  ) {
    super();
  }

  /** @throws ProblemException UNAUTHENTICATED, and those of the authenticators */
  override callerOf(request: FastifyRequest): Caller | Promise<Caller> {
    return this.tryFrom(0, request, soleAuthorization(request));
  }

  private tryFrom(
    first: number,
    request: FastifyRequest,
    authorization: string | undefined,
  ): Caller | Promise<Caller> {
    for (let index = first; index < this.authenticators.length; index += 1) {
      const found = this.authenticators[index]!.authenticate(request, authorization);
      if (found instanceof Promise) {
        return found.then((later) =>
          later === undefined
            ? this.tryFrom(index + 1, request, authorization)
            : this.accept(later, request),
        );
      }
      if (found !== undefined) return this.accept(found, request);
    }
    return this.accept(false, request);
  }

  private accept(caller: Caller | false, { headers }: FastifyRequest): Caller {
    if (caller) return caller;
    throw new ProblemException('UNAUTHENTICATED', {
      headers: { 'www-authenticate': this.challenge(headers) },
    });
  }
}

/** A proxy in front may have let the request pass for another `Authorization` than the one that Node keeps, the first. */
function soleAuthorization({ headers, raw }: FastifyRequest): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined || headerCount(raw, 'authorization') !== 1) return undefined;
  return authorization;
}

/**
 * A scheme of the `Authorization` header that a strategy of Passport verifies.
 *
 * Passport is driven directly: the guard of `@nestjs/passport` registers strategies by name in one
 * registry for the whole process, where two applications would share their users.
 */
export class PassportAuthenticator implements Authenticator {
  private readonly passport = new passport.Authenticator();

  constructor(
    private readonly scheme: Scheme,
    strategy: passport.Strategy,
  ) {
    this.passport.use(scheme, strategy);
  }

  authenticate(
    request: FastifyRequest,
    authorization: string | undefined,
  ): Authentication | Promise<Authentication> {
    if (authorization === undefined || schemeOf(authorization) !== this.scheme) return undefined;
    return new Promise((resolve, reject) => {
      this.passport.authenticate(
        this.scheme,
        { session: false },
        (error: Error | null, user?: Caller | false) =>
          error ? reject(error) : resolve(user ?? false),
      )({ headers: { authorization }, ip: clientAddress(request) }, undefined, reject);
    });
  }
}
