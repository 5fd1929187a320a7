import { ProblemException } from '../../problems/problem.exception.js';
import type { AlfrescoResponse } from '../responses.js';
import { TokenExchange } from './token-exchange.js';

const ALICE = { id: 'oidc:x:alice', name: 'alice' };
const BOB = { id: 'oidc:x:bob', name: 'bob' };
const PACING = { firstMs: 1000, longestMs: 60_000 };

/** A token endpoint, and what it was asked for. Each token has a number. */
function exchangeWith(failure?: Partial<AlfrescoResponse> | ProblemException) {
  const requests: Record<string, string>[] = [];
  const subjects: Record<string, string> = { [ALICE.id]: 'of-alice', [BOB.id]: 'of-bob' };
  const state = { failure, expiresIn: 300 as number | undefined };
  const endpoint = {
    close: async () => {},
    request: async (parameters: Record<string, string>): Promise<AlfrescoResponse> => {
      requests.push(parameters);
      const number = requests.length;
      await Promise.resolve();
      if (state.failure instanceof ProblemException) throw state.failure;
      const body = {
        access_token: `${parameters.subject_token}-${number}`,
        token_type: 'Bearer',
        expires_in: state.expiresIn,
      };
      return { status: 200, body, ...state.failure };
    },
  };
  const callers = { tokenOf: async ({ id }: { id: string }) => subjects[id]! };
  const exchange = new TokenExchange(callers, endpoint, { audience: 'alfresco' }, PACING);
  return { exchange, requests, subjects, state };
}

describe('an exchange of tokens', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks as RFC 8693 has it, for an access token that is for the audience', async () => {
    const { exchange, requests } = exchangeWith();
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-1');
    expect(requests).toEqual([
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: 'of-alice',
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: 'alfresco',
      },
    ]);
  });

  it('is made once for all calls of a caller that need it, and for each caller', async () => {
    const { exchange, requests } = exchangeWith();
    const callers = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? ALICE : BOB));
    const tokens = await Promise.all(callers.map((caller) => exchange.tokenOf(caller)));
    expect(new Set(tokens)).toEqual(new Set(['of-alice-1', 'of-bob-2']));
    expect(tokens[0]).toBe('of-alice-1');
    expect(requests).toHaveLength(2);
  });

  it('is made again shortly before the end of what it gave', async () => {
    const { exchange } = exchangeWith();
    await exchange.tokenOf(ALICE);
    vi.advanceTimersByTime(269_000);
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-1');
    vi.advanceTimersByTime(2000);
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-2');
  });

  it('is made again for another token of the caller', async () => {
    const { exchange, subjects } = exchangeWith();
    await exchange.tokenOf(ALICE);
    subjects[ALICE.id] = 'another';
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('another-2');
  });

  it('is made again once Alfresco has refused what it gave', async () => {
    const { exchange } = exchangeWith();
    await exchange.tokenOf(BOB);
    exchange.forget(await exchange.tokenOf(ALICE));
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-3');
    await expect(exchange.tokenOf(BOB)).resolves.toBe('of-bob-1');
  });

  it('may give a token that does not say when it ends', async () => {
    const { exchange, state } = exchangeWith();
    state.expiresIn = undefined;
    await exchange.tokenOf(ALICE);
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-1');
  });

  it.each([
    [400, 'invalid_request'],
    [400, 'invalid_grant'],
    [400, undefined],
    // Of Keycloak: "Client is not within the token audience".
    [403, 'access_denied'],
  ])(
    'that is refused with %i %s is the 401 of the caller, and is tried again',
    async (status, error) => {
      const { exchange, requests, state } = exchangeWith({ status, body: { error } });
      const refused: unknown = expect.objectContaining({ code: 'UNAUTHENTICATED' });
      await expect(exchange.tokenOf(ALICE)).rejects.toEqual(refused);
      await expect(exchange.tokenOf(ALICE)).rejects.toEqual(refused);
      expect(requests).toHaveLength(2);
      state.failure = undefined;
      await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-3');
    },
  );

  it.each([
    [400, 'invalid_target'],
    [400, 'unauthorized_client'],
    [400, 'unsupported_grant_type'],
    [401, 'invalid_client'],
    [401, undefined],
    [403, undefined],
  ])(
    'that is refused to the service, with %i %s, is not tried over and over',
    async (status, error) => {
      const { exchange, requests, state } = exchangeWith({ status, body: { error } });
      const refused: unknown = expect.objectContaining({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
      await expect(exchange.tokenOf(ALICE)).rejects.toEqual(refused);
      await expect(exchange.tokenOf(BOB)).rejects.toEqual(refused);
      expect(requests).toHaveLength(1);
      state.failure = undefined;
      vi.advanceTimersByTime(1000);
      await expect(exchange.tokenOf(BOB)).resolves.toBe('of-bob-2');
    },
  );

  it.each([
    [
      // Of Keycloak 26.7.3, for a setting of the client.
      { error: 'invalid_request', error_description: 'Requested audience not available: alfresco' },
      'token endpoint: status 400 to an exchange invalid_request: Requested audience not available: alfresco',
    ],
    [
      { error: 'invalid_client', error_description: 'Audience not found' },
      'token endpoint: status 400 invalid_client: Audience not found',
    ],
    [
      { error: 'invalid_request', error_description: `"of-alice" ${'x'.repeat(40)} is\nno token` },
      'token endpoint: status 400 to an exchange invalid_request: ?of-alice? … is?no token',
    ],
    [{ error: ['x'] }, 'token endpoint: status 400 to an exchange'],
  ])('that is refused with %j tells the operator why', async (body, diagnosis) => {
    const { exchange } = exchangeWith({ status: 400, body });
    await expect(exchange.tokenOf(ALICE)).rejects.toMatchObject({ diagnosis });
  });

  it.each([
    [{ status: 500 }, 'ALFRESCO_UNREACHABLE'],
    [{ status: 302 }, 'ALFRESCO_BAD_RESPONSE'],
    [{ body: '<html>' }, 'ALFRESCO_BAD_RESPONSE'],
    [{ body: { access_token: 'a b', token_type: 'Bearer' } }, 'ALFRESCO_BAD_RESPONSE'],
    [{ body: { access_token: 'a', token_type: 'N_A' } }, 'ALFRESCO_BAD_RESPONSE'],
    [new ProblemException('ALFRESCO_TIMEOUT'), 'ALFRESCO_TIMEOUT'],
  ])('that fails with %j is %s, and is tried again', async (failure, code) => {
    const { exchange, state } = exchangeWith(failure);
    await expect(exchange.tokenOf(ALICE)).rejects.toMatchObject({ code });
    state.failure = undefined;
    await expect(exchange.tokenOf(ALICE)).resolves.toBe('of-alice-2');
  });
});
