import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import type { LinkConfig } from '../config/app-config.js';
import { ProblemException } from '../problems/problem.exception.js';
import { ACCEPTS_LINK } from './auth.decorators.js';
import type { Caller, LinkUse } from './caller.js';

/** Query parameter that carries a link's payload and signature. */
export const LINK_PARAMETER = 'link';

/** 128 bits in base64url. */
const TAG_LENGTH = 22;

export interface SignedLink {
  readonly link: string;
  /** Milliseconds of the epoch. */
  readonly expiresAt: number;
}

/** For whom a link is followed, and under which name the ZIP is to be saved. */
export interface LinkGrant extends Pick<LinkUse, 'fileName'> {
  readonly caller: Caller;
}

/** Readable by everybody who has the link. */
type Payload = readonly [
  expiresAt: number,
  callerId: string,
  callerName: string,
  ...fileName: string[],
];

/**
 * Makes and checks links that stand in for credentials: `payload.signature`, both base64url.
 *
 * The signature covers the path, with the id of the download in it, and the payload as it is spelled, so that neither
 * can be changed, moved to another path, or encoded in another way.
 */
export class LinkSigner {
  constructor(private readonly config: LinkConfig) {}

  /** Seconds that a link is good for, at most and by default. */
  get longestSeconds(): number {
    return this.config.ttlSeconds;
  }

  /** Value of the `link` parameter for a GET or HEAD of `path`. */
  sign(
    path: string,
    { caller, fileName }: LinkGrant,
    seconds = this.longestSeconds,
    now = Date.now(),
  ): SignedLink {
    const expiresAt = now + seconds * 1000;
    const names = fileName === undefined ? [] : [fileName];
    const payload = encode([expiresAt, caller.id, caller.name, ...names]);
    return { link: `${payload}.${signature(this.config.secrets[0], path, payload)}`, expiresAt };
  }

  /**
   * The caller whom this link stands for.
   *
   * A link that has ended is still good for the rest of a transfer that it has begun, which may take longer than the link
   * lives: `If-Range` then has an entity tag that the service sent only while the link was good.
   *
   * @param headers of the request
   * @throws ProblemException LINK_INVALID
   */
  verify(path: string, link: string, headers: IncomingHttpHeaders = {}, now = Date.now()): Caller {
    const [payload = '', given = '', ...rest] = link.split('.');
    const isGenuine = this.config.secrets.some((secret) =>
      isEqual(signature(secret, path, payload), given),
    );
    if (!isGenuine || rest.length > 0) throw new ProblemException('LINK_INVALID');
    const [expiresAt, id, name, fileName] = decode(payload);
    const tagOf = (modifiedAt: number) => this.tagOf(link, modifiedAt);
    const hasEnded = now >= expiresAt;
    if (hasEnded && !isResumption(headers, tagOf)) throw new ProblemException('LINK_INVALID');
    return { id, name, link: { hasEnded, fileName, tagOf } };
  }

  private tagOf(link: string, modifiedAt: number): string {
    const mac = signature(this.config.secrets[0], 'entity tag', `${link}\n${modifiedAt}`);
    return `"${modifiedAt}-${mac.slice(0, TAG_LENGTH)}"`;
  }
}

/** Whether a range is requested of content whose tag the link has been given. */
function isResumption(
  { range, 'if-range': ifRange }: IncomingHttpHeaders,
  tagOf: LinkUse['tagOf'],
): boolean {
  const [, modifiedAt] = /^"(\d{1,16})-/.exec(ifRange?.toString() ?? '') ?? [];
  if (range === undefined || modifiedAt === undefined) return false;
  return isEqual(tagOf(Number(modifiedAt)), ifRange!.toString());
}

function encode(payload: Payload): string {
  return Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url');
}

/** Only for a payload that this service has signed. */
function decode(payload: string): Payload {
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Payload;
}

function signature(secret: string, path: string, payload: string): string {
  return createHmac('sha256', secret).update(`${path}\n${payload}`, 'utf8').digest('base64url');
}

/** In constant time for signatures of the right length; the length is not a secret. */
function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The link in the query of a route that accepts one, also a wrong one: a client that sends one wants it to count. */
export function linkOf(context: ExecutionContext): string | undefined {
  const { query } = context.switchToHttp().getRequest<{ query?: Record<string, unknown> }>();
  const link = query?.[LINK_PARAMETER];
  if (link === undefined || !Reflect.hasMetadata(ACCEPTS_LINK, context.getHandler())) {
    return undefined;
  }
  // Two of them are an array, which is never a link of this service.
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
