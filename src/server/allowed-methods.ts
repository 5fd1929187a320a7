import { Injectable } from '@nestjs/common';
import { pathOf } from '../http/http-request.js';
import type { RouteOptions } from 'fastify';

/** Which methods each path takes, for the `Allow` of a 405: Fastify would respond with 404 (RFC 9110, section 15.5.6). */
@Injectable()
export class AllowedMethods {
  private readonly routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** For Fastify's `onRoute` hook. */
  add({ url, method }: Pick<RouteOptions, 'url' | 'method'>): void {
    let route = this.routes.get(url);
    if (!route) this.routes.set(url, (route = { pattern: toPattern(url), methods: new Set() }));
    for (const name of [method].flat()) route.methods.add(name);
  }

  /** The methods that the path of this request target takes, sorted; empty when there is no such path. */
  of(target: string): string[] {
    const path = pathOf(target);
    const found = [...this.routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted();
  }
}

function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) => {
      if (segment.startsWith(':')) return '[^/]+';
      return segment === '*' ? '.*' : RegExp.escape(segment);
    })
    .join('/');
  return new RegExp(`^${source}/?$`);
}
