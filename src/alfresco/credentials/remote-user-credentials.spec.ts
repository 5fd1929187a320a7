import { requestOf, sendBy } from '../http/upstream.fixture.js';
import { RemoteUserCredentials } from './remote-user-credentials.js';

const credentials = new RemoteUserCredentials();

async function headersFor(name?: string): Promise<unknown> {
  const send = vi.fn(async (_headers: unknown) => ({ status: 200 }));
  try {
    await credentials.apply(sendBy(({ headers }) => send({ ...headers })))(
      requestOf({ onBehalfOf: name === undefined ? undefined : { id: 'caller', name } }),
    );
  } finally {
    expect(send.mock.calls.length).toBeLessThanOrEqual(1);
  }
  return send.mock.lastCall?.[0];
}

describe('the name of the caller', () => {
  it.each([
    ['alice', 'YWxpY2U='],
    ['zoë', 'em/Dqw=='],
    ['日本 太郎', '5pel5pysIOWkqumDjg=='],
    ['alice@example.com', 'YWxpY2VAZXhhbXBsZS5jb20='],
    ['systematic', 'c3lzdGVtYXRpYw=='],
    ['guestbook', 'Z3Vlc3Rib29r'],
  ])('goes to Alfresco as base64 of UTF-8: %s', async (name, encoded) => {
    expect(await headersFor(name)).toEqual({
      'X-Alfresco-Remote-User': encoded,
      'Remote-User-Encode': 'true',
    });
  });

  it.each(['x'.repeat(255), '日'.repeat(255)])('is one line however long it is', async (name) => {
    const { 'X-Alfresco-Remote-User': value } = (await headersFor(name)) as Record<string, string>;
    expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(Buffer.from(value!, 'base64').toString('utf8')).toBe(name);
  });

  it.each([
    ['empty', ''],
    ['longer than 255 characters', 'x'.repeat(256)],
    ['with a line break', 'alice\r\nX-Alfresco-Remote-User: admin'],
    ['with a zero byte', 'alice\0'],
    ['with a control character', 'ali\u0007ce'],
    ['with a control character beyond ASCII', 'ali\u0085ce'],
    ['with a delete character', 'alice\u007f'],
    ['with a line separator', 'ali\u2028ce'],
    ['with a blank before it, which Alfresco would cut off', ' admin'],
    ['with a blank behind it', 'admin '],
    ['with a tab before it', '\tadmin'],
    ['of half a character, which would become another one', 'ali\ud800ce'],
    ['of the system itself', 'System'],
    ['of the system in another case', 'SYSTEM'],
    ['of the system of a tenant', 'System@example.org'],
    ['of the guest', 'guest'],
    ['of the guest in another case', 'Guest'],
    ['of the guest of a tenant', 'guest@example.org'],
  ])('is rejected when it is %s', async (_what, name) => {
    await expect(headersFor(name)).rejects.toMatchObject({
      code: 'CALLER_NOT_ACCEPTED',
      detail: 'The name of the caller cannot be passed on to Alfresco.',
    });
  });

  it('may not be forgotten', async () => {
    await expect(headersFor()).rejects.toThrow(TypeError);
  });
});

describe('a 401 for a caller', () => {
  let alfresco: RemoteUserCredentials;

  /** What becomes of the call of this caller. */
  const call = (name: string, status: number) =>
    alfresco
      .apply(sendBy(async () => ({ status })))(
        requestOf({ onBehalfOf: { id: `basic:${name}`, name } }),
      )
      .then(
        (response) => response.status,
        (error: { code: string }) => error.code,
      );

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    alfresco = new RemoteUserCredentials();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is about the name when Alfresco has accepted another one a moment ago', async () => {
    await call('alice', 200);
    expect(await call('disabled', 401)).toBe('CALLER_NOT_ACCEPTED');
    expect(await call('unknown', 401)).toBe('CALLER_NOT_ACCEPTED');
  });

  it('is about the certificate when Alfresco has accepted no other name', async () => {
    expect(await call('alice', 401)).toBe(401);
    expect(await call('bob', 500)).toBe(500);
    expect(await call('alice', 401)).toBe(401);
  });

  it('is about the certificate when the same name was accepted before', async () => {
    await call('alice', 200);
    expect(await call('alice', 401)).toBe(401);
  });

  it('is about the certificate when Alfresco has accepted no other name for a minute', async () => {
    await call('alice', 200);
    vi.advanceTimersByTime(60_000);
    expect(await call('bob', 401)).toBe(401);
  });
});
