import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from './caller.js';
import type { LinkConfig } from '../config/app.config.js';
import { ProblemException } from '../problems/problem.exception.js';

/** Injection token of the `LinkConfig`. */
export const LINK_CONFIG = Symbol('LINK_CONFIG');

/** Query parameter that carries the signature. */
export const LINK_PARAMETER = 'link';

/** A link, and when it ends in milliseconds of the epoch. */
export interface SignedLink {
  readonly link: string;
  readonly expiresAt: number;
}

/** What a link stands for. */
export interface LinkGrant {
  /** Who is calling when it is followed. */
  readonly caller: Caller;
  /** Name under which the ZIP is to be saved; without it, the one that Alfresco gave it. */
  readonly fileName?: string;
}

/** What a link says: until when, for whom, and under which name. */
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
@Injectable()
export class LinkSigner {
  constructor(@Inject(LINK_CONFIG) private readonly config: LinkConfig) {}

  /** Seconds that a link may be good for, and is unless told otherwise. */
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

  /** What this link stands for. @throws ProblemException LINK_INVALID */
  verify(path: string, link: string, now = Date.now()): LinkGrant {
    const [payload = '', given = '', ...rest] = link.split('.');
    const isGenuine = this.config.secrets.some((secret) =>
      isEqual(signature(secret, path, payload), given),
    );
    if (!isGenuine || rest.length > 0) throw new ProblemException('LINK_INVALID');
    const [expiresAt, id, name, fileName] = decode(payload);
    if (now >= expiresAt) throw new ProblemException('LINK_INVALID');
    return { caller: { id, name, isLinked: true }, fileName };
  }
}

function encode(payload: Payload): string {
  return Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url');
}

/** Only ever called for a payload that this service signed. */
function decode(payload: string): Payload {
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Payload;
}

function signature(secret: string, path: string, payload: string): string {
  return createHmac('sha256', secret).update(`${path}\n${payload}`, 'utf8').digest('base64url');
}

/** In constant time for signatures of the right length; the length is no secret. */
function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
