import type { FastifyRequest } from 'fastify';
import { type Authentication, type Authenticator, Authenticators } from './authenticators.js';

const ALICE = { id: 'basic:alice', name: 'alice' };
const ZOE = { id: 'basic:zoe', name: 'zoe' };

/** A request with `Authorization` headers; like Node, `headers` has the first of them. */
function requestWith(...authorization: string[]): FastifyRequest {
  const rawHeaders = authorization.flatMap((value) => ['Authorization', value]);
  const headers = authorization.length === 0 ? {} : { authorization: authorization[0] };
  return { headers, raw: { rawHeaders } } as unknown as FastifyRequest;
}

function authenticator(...found: (Authentication | Promise<Authentication>)[]) {
  return { authenticate: vi.fn<Authenticator['authenticate']>(() => found.shift()) };
}

function callerOf(authenticators: Authenticator[], request = requestWith()) {
  return new Authenticators(authenticators, () => 'Basic').callerOf(request);
}

const unauthenticated = expect.objectContaining({
  code: 'UNAUTHENTICATED',
  headers: { 'www-authenticate': 'Basic' },
});

describe('authenticators', () => {
  it('are asked in their order, until one knows the caller', () => {
    const last = authenticator(ZOE);
    expect(callerOf([authenticator(undefined), authenticator(ALICE), last])).toBe(ALICE);
    expect(last.authenticate).not.toHaveBeenCalled();
  });

  it('are waited for, where they have to wait', async () => {
    const last = authenticator(ZOE);
    const all = [
      authenticator(undefined),
      authenticator(Promise.resolve(undefined)),
      authenticator(Promise.resolve(ALICE)),
      last,
    ];
    await expect(callerOf(all)).resolves.toBe(ALICE);
    expect(last.authenticate).not.toHaveBeenCalled();
  });

  it('end the search with wrong credentials, which no other one is to take', async () => {
    const next = authenticator(ALICE);
    expect(() => callerOf([authenticator(false), next])).toThrow(unauthenticated);
    await expect(callerOf([authenticator(Promise.resolve(false)), next])).rejects.toEqual(
      unauthenticated,
    );
    expect(next.authenticate).not.toHaveBeenCalled();
  });

  it('challenge a request without credentials', async () => {
    expect(() => callerOf([])).toThrow(unauthenticated);
    expect(() => callerOf([authenticator(undefined)])).toThrow(unauthenticated);
    await expect(callerOf([authenticator(Promise.resolve(undefined))])).rejects.toEqual(
      unauthenticated,
    );
  });

  it('pass on what keeps one of them from finding out', async () => {
    const failing = authenticator(Promise.reject(new Error('the store is away')));
    await expect(callerOf([failing, authenticator(ALICE)])).rejects.toThrow('the store is away');
  });

  it.each<[string, string[], string | undefined]>([
    ['no header', [], undefined],
    ['one header', ['Basic YTpi'], 'Basic YTpi'],
    ['two headers', ['Basic YTpi', 'Basic Yzpk'], undefined],
    ['the same header twice', ['Basic YTpi', 'Basic YTpi'], undefined],
  ])('get the header if there is exactly one: %s', (_what, sent, authorization) => {
    const only = authenticator(ALICE);
    const request = requestWith(...sent);
    expect(callerOf([only], request)).toBe(ALICE);
    expect(only.authenticate).toHaveBeenCalledWith(request, authorization);
  });
});
