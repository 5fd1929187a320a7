import { ProblemException } from '../../problems/problem.exception.js';
import { requestOf, sendBy } from '../http/upstream.fixture.js';
import { type AccessTokenSource, CallerTokenCredentials } from './caller-token-credentials.js';

const CALLER = { id: 'oidc:x:alice', name: 'alice' };

/** Alfresco, which accepts these tokens; those that it was shown. */
function alfrescoWith(source: AccessTokenSource, ...accepted: string[]) {
  const shown: (string | undefined)[] = [];
  const send = new CallerTokenCredentials(source).apply(
    sendBy(async ({ headers: { Authorization } }) => {
      shown.push(Authorization);
      return { status: accepted.some((token) => Authorization === `Bearer ${token}`) ? 200 : 401 };
    }),
  );
  return { send, shown };
}

/** Tokens, of which the next is given once one has been refused. */
function tokens(...texts: string[]) {
  const forgotten: string[] = [];
  const source: AccessTokenSource = {
    tokenOf: async (_caller, refused) => {
      const text = texts.find((one) => one !== refused);
      if (text === undefined) throw new ProblemException('CALLER_LOGGED_OUT');
      return text;
    },
    forget: (token) => void forgotten.push(token),
  };
  return { source, forgotten };
}

describe('calls with the token of the caller', () => {
  it('carry it', async () => {
    const { send, shown } = alfrescoWith(tokens('a').source, 'a');
    await expect(send(requestOf({ onBehalfOf: CALLER }))).resolves.toMatchObject({ status: 200 });
    expect(shown).toEqual(['Bearer a']);
  });

  it('are made again with another one once Alfresco has refused it', async () => {
    const { source, forgotten } = tokens('a', 'b');
    const { send, shown } = alfrescoWith(source, 'b');
    await expect(send(requestOf({ onBehalfOf: CALLER }))).resolves.toMatchObject({ status: 200 });
    expect(shown).toEqual(['Bearer a', 'Bearer b']);
    expect(forgotten).toEqual(['a']);
  });

  it.each([[['a']], [['a', 'b', 'c']]])(
    'are the 401 of the caller when Alfresco refuses %j',
    async (texts) => {
      const { source, forgotten } = tokens(...texts);
      const { send, shown } = alfrescoWith(source);
      await expect(send(requestOf({ onBehalfOf: CALLER }))).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
        diagnosis: 'Alfresco status 401 to the token of the caller',
      });
      expect(shown).toHaveLength(Math.min(texts.length, 2));
      expect(forgotten).toEqual(texts.slice(0, 2));
    },
  );

  it('are 403 for someone who follows a link', async () => {
    const { send } = alfrescoWith(tokens('a').source);
    const call = send(requestOf({ onBehalfOf: { ...CALLER, link: {} } }));
    await expect(call).rejects.toMatchObject({ code: 'CALLER_LOGGED_OUT' });
  });

  it('are not made without one, or without a caller', async () => {
    const { send, shown } = alfrescoWith(tokens().source);
    const call = send(requestOf({ onBehalfOf: CALLER }));
    await expect(call).rejects.toMatchObject({ code: 'CALLER_LOGGED_OUT' });
    await expect(send(requestOf())).rejects.toThrow(TypeError);
    expect(shown).toEqual([]);
  });

  it('fail with the provider when that is needed for another one', async () => {
    const source: AccessTokenSource = {
      tokenOf: async (_caller, refused) => {
        if (refused === undefined) return 'a';
        throw new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE');
      },
    };
    const call = alfrescoWith(source).send(requestOf({ onBehalfOf: CALLER }));
    await expect(call).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' });
  });
});
