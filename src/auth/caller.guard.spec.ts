import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Reflector } from '@nestjs/core';
import { AcceptsLink } from './auth.decorators.js';
import { CALLER, type Caller } from './caller.js';
import { ApplicationCallers, CallerGuard } from './caller.guard.js';
import { LinkSigner } from './signed-link.js';

const ALICE = { id: 'key:alice', name: 'alice' };
const PATH = '/api/downloads/1/content';
const links = new LinkSigner({ secrets: ['s'.repeat(32)], isEphemeral: false, ttlSeconds: 60 });

class Routes {
  @AcceptsLink()
  content(this: void) {}
  status(this: void) {}
}

/** Who the guard says is calling; `named` is what the application says. */
function callerOf(
  named: unknown,
  query: Record<string, unknown> = {},
  route = Routes.prototype.content,
) {
  const guard = new CallerGuard(
    new Reflector(),
    links,
    new ApplicationCallers(() => named as Caller | undefined),
  );
  const request: { [CALLER]?: Caller; originalUrl: string; query: object } = {
    originalUrl: PATH,
    query,
  };
  void guard.canActivate(new ExecutionContextHost([request], Routes, route));
  return request[CALLER];
}

describe('the caller of a request for the API', () => {
  const { link } = links.sign(PATH, { caller: { id: 'key:zoe', name: 'zoe' } });

  it('is whom the application names', () => {
    expect(callerOf(ALICE)).toEqual(ALICE);
  });

  it('is whom the link was made for, whoever follows it', () => {
    expect(callerOf(undefined, { link })).toMatchObject({ id: 'key:zoe' });
    expect(callerOf(ALICE, { link })).toMatchObject({ id: 'key:zoe' });
  });

  it('has to be known', () => {
    const unauthenticated = expect.objectContaining({ code: 'UNAUTHENTICATED' });
    expect(() => callerOf(undefined)).toThrow(unauthenticated);
    // A link counts only where it is accepted.
    expect(() => callerOf(undefined, { link }, Routes.prototype.status)).toThrow(unauthenticated);
    expect(() => callerOf(undefined, { link: `${link}x` })).toThrow(
      expect.objectContaining({ code: 'LINK_INVALID' }),
    );
  });

  it.each([[{}], [{ id: '' }], [{ id: 7 }], [{ id: '\ud800' }], [{ name: 'alice' }]])(
    'has an id, or all of them would own each other’s downloads: %j',
    (named) => {
      expect(() => callerOf(named)).toThrow(/without an id/);
    },
  );
});
