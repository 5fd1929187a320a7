import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AcceptsLink, Public } from './auth.decorators.js';
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
  @Public()
  probe(this: void) {}
}

/** The caller that the guard finds; `named` is the one of the application. */
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

  it('is the one that the application names', () => {
    expect(callerOf(ALICE)).toEqual(ALICE);
  });

  it('is the one that the link was made for, no matter who follows it', () => {
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

describe('the guard', () => {
  const find = vi.fn(() => ALICE);
  const guard = new CallerGuard(new Reflector(), links, new ApplicationCallers(find));
  const passes = (request: object, route: () => void) =>
    guard.canActivate(new ExecutionContextHost([request], Routes, route));
  beforeEach(() => void find.mockClear());

  it('asks for no caller of a public route', () => {
    const request: { [CALLER]?: Caller } = {};
    expect(passes(request, Routes.prototype.probe)).toBe(true);
    expect(find).not.toHaveBeenCalled();
    expect(request[CALLER]).toBeUndefined();
  });

  it('keeps the caller that it has found before', () => {
    const request = { originalUrl: PATH };
    expect(passes(request, Routes.prototype.status)).toBe(true);
    expect(passes(request, Routes.prototype.status)).toBe(true);
    expect(find).toHaveBeenCalledTimes(1);
  });

  it('waits for a source that has to wait', async () => {
    const waiting = new CallerGuard(new Reflector(), links, {
      callerOf: () => Promise.resolve(ALICE),
    });
    const request: { [CALLER]?: Caller } = {};
    const context = new ExecutionContextHost([request], Routes, Routes.prototype.status);
    await expect(waiting.canActivate(context)).resolves.toBe(true);
    expect(request[CALLER]).toBe(ALICE);
  });
});
