import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AcceptsLink, CALLER } from '../auth/auth.decorators.js';
import { LinkSigner } from '../auth/signed-link.js';
import type { Caller } from '../auth/caller.js';
import { KnownCallerGuard } from './known-caller.guard.js';

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
  const guard = new KnownCallerGuard(
    {
      alfresco: { url: 'http://127.0.0.1' },
      store: 'sqlite::memory:',
      callerOf: () => named as Caller | undefined,
    },
    links,
  );
  const request: { [CALLER]?: Caller; originalUrl: string; query: object } = {
    originalUrl: PATH,
    query,
  };
  guard.canActivate(new ExecutionContextHost([request], Routes, route));
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
