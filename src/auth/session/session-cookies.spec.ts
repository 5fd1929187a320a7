import { SessionCookies } from './session-cookies.js';

const ID = 'x'.repeat(43);

const cookiesOf = (publicUrl: string) =>
  new SessionCookies({ publicUrl, secrets: ['a secret of a test'], sameSite: 'lax' });

describe('the cookie of a session', () => {
  const cookies = cookiesOf('https://zips.example.com');

  it('can be set by this host alone, and read by no script', () => {
    expect(cookies.session(ID)).toBe(
      `__Host-alfresco-downloads=${ID}; Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
    expect(cookiesOf('http://127.0.0.1:3000').session(ID)).toBe(
      `alfresco-downloads=${ID}; Path=/; HttpOnly; SameSite=Lax`,
    );
  });

  it.each([
    ['alone', `__Host-alfresco-downloads=${ID}`],
    ['among others', `a=b; __Host-alfresco-downloads=${ID}; c="d=e"; lone`],
    ['without spaces', `a=b;__Host-alfresco-downloads=${ID}`],
    [
      'beside one with a longer name',
      `__Host-alfresco-downloads-login-1=x; __Host-alfresco-downloads=${ID}`,
    ],
  ])('is found %s', (_place, header) => {
    expect(cookies.sessionIn(header)).toBe(ID);
  });

  it.each([
    ['without a header', undefined],
    ['in the value of another', `a=__Host-alfresco-downloads=${ID}`],
    ['under a name without its prefix', `alfresco-downloads=${ID}`],
    ['under a name that ends otherwise', `__Host-alfresco-downloadsx=${ID}`],
    ['without a value', '__Host-alfresco-downloadsx'],
    ['twice', `__Host-alfresco-downloads=${ID}; __Host-alfresco-downloads=y`],
    [
      'twice, once with a space in front of "="',
      `__Host-alfresco-downloads =y; __Host-alfresco-downloads=${ID}`,
    ],
    ['in a header of more than 16 kB', `__Host-alfresco-downloads=${ID}; a=${'b'.repeat(16_384)}`],
  ])('is not found %s', (_place, header) => {
    expect(cookies.sessionIn(header)).toBeUndefined();
  });
});

describe('the cookie of a log-in', () => {
  const cookies = cookiesOf('https://zips.example.com');
  const pending = {
    state: 'state-of-this-log-in',
    nonce: 'n',
    codeVerifier: 'v',
    redirectUri: 'https://zips.example.com/auth/callback',
    returnTo: '/page',
  };
  const header = cookies.login(pending).split(';', 1)[0]!;

  it('gives its state back, and shows nothing of it', () => {
    expect(cookies.loginIn(header, pending.state)).toMatchObject(pending);
    expect(Buffer.from(header.split('.')[1]!, 'base64url').toString('latin1')).not.toContain(
      'page',
    );
  });

  it('is good for no other state, also of the same beginning, nor under another name', () => {
    expect(cookies.loginIn(header, `${pending.state}2`)).toBeUndefined();
    const [, value = ''] = /=(.*)/.exec(header)!;
    const other = cookies.login({ ...pending, state: 'another-one' }).split('=', 1)[0]!;
    expect(cookies.loginIn(`${other}=${value}`, 'another-one')).toBeUndefined();
  });

  it('is good for ten minutes', () => {
    vi.useFakeTimers({ now: Date.now() + 601_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(cookies.loginIn(header, pending.state)).toBeUndefined();
  });
});
