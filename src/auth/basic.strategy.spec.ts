import bcrypt from 'bcrypt';
import fc from 'fast-check';
import passport from 'passport';
import { BasicStrategy } from 'passport-http';
import { StrictBasicStrategy, parseBasicCredentials } from './basic.strategy.js';
import { UserDirectory } from './user-directory.js';

function base64(value: string | Buffer): string {
  return Buffer.from(value as string).toString('base64');
}

function basic(value: string | Buffer): string {
  return `Basic ${base64(value)}`;
}

describe('the credentials of an Authorization header', () => {
  it('are those of the example in RFC 7617', () => {
    expect(parseBasicCredentials('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual({
      name: 'Aladdin',
      password: 'open sesame',
    });
  });

  it('are those of the example with UTF-8 in RFC 7617', () => {
    expect(parseBasicCredentials('Basic dGVzdDoxMjPCow==')).toEqual({
      name: 'test',
      password: '123£',
    });
  });

  it.each([
    ['a password with colons', basic('alice:a:b::c'), 'alice', 'a:b::c'],
    ['a password that is a colon', basic('alice::'), 'alice', ':'],
    ['blanks, which belong to both', basic(' alice : secret '), ' alice ', ' secret '],
    ['letters beyond ASCII', basic('zoë:пароль😀'), 'zoë', 'пароль😀'],
    ['a byte order mark, which is a character', basic('\ufeffalice:x'), '\ufeffalice', 'x'],
    ['percent signs, which mean nothing', basic('al%69ce:%3A'), 'al%69ce', '%3A'],
    ['the scheme in lower case', `basic ${base64('alice:secret')}`, 'alice', 'secret'],
    ['the scheme in capitals', `BASIC ${base64('alice:secret')}`, 'alice', 'secret'],
    ['several blanks behind the scheme', `Basic   ${base64('alice:secret')}`, 'alice', 'secret'],
    ['blanks at the end', `Basic ${base64('alice:secret')}  `, 'alice', 'secret'],
    ['base64 without its padding', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ', 'Aladdin', 'open sesame'],
    ['base64 that needs no padding', 'Basic YTpi', 'a', 'b'],
    ['base64 with one character of padding', 'Basic YTpiYmI=', 'a', 'bbb'],
    ['base64 without its one character of padding', 'Basic YTpiYmI', 'a', 'bbb'],
    ['base64 with two characters of padding', 'Basic YTpiYg==', 'a', 'bb'],
    ['base64 without its two characters of padding', 'Basic YTpiYg', 'a', 'bb'],
  ])('may have %s', (_what, header, name, password) => {
    expect(parseBasicCredentials(header)).toEqual({ name, password });
  });

  it.each<[string, string | undefined]>([
    ['no header', undefined],
    ['an empty header', ''],
    ['only the scheme', 'Basic'],
    ['only the scheme and a blank', 'Basic '],
    ['another scheme', `Bearer ${base64('alice:secret')}`],
    ['a scheme that ends in basic', `xBasic ${base64('alice:secret')}`],
    ['a scheme that starts with basic', `BasicPlus ${base64('alice:secret')}`],
    ['a scheme that contains basic', `NotBasicAtAll ${base64('alice:secret')}`],
    ['something before the scheme', ` Basic ${base64('alice:secret')}`],
    ['no blank behind the scheme', `Basic${base64('alice:secret')}`],
    ['a tab behind the scheme', `Basic\t${base64('alice:secret')}`],
    ['a second token', `Basic ${base64('alice:secret')} ${base64('bob:secret')}`],
    ['a second header in the same line', `Basic ${base64('a:b')}, Basic ${base64('c:d')}`],
    ['parameters', `Basic ${base64('alice:secret')},realm="x"`],
    ['plain text', 'Basic alice:secret'],
    ['a character that base64 does not have', 'Basic YWxpY2U6c2VjcmV0*'],
    ['the alphabet for URLs', `Basic ${base64('a:>>>???').replace(/\+|\//g, '-')}`],
    ['padding in the middle', 'Basic YWxp=Y2U6c2VjcmV0'],
    ['three characters of padding', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==='],
    ['one character of padding where none belongs', 'Basic YTpi='],
    ['two characters of padding where none belongs', 'Basic YTpi=='],
    ['two characters of padding where one belongs', 'Basic YTpiYmI=='],
    ['one character of padding where two belong', 'Basic YTpiYg='],
    ['padding before the text', 'Basic =YTpi'],
    ['a blank inside of the padding', 'Basic YTpiYg= ='],
    ['bits behind the last byte, without padding', 'Basic YTpiYh'],
    ['bits behind the last byte, a second spelling', 'Basic dGVzdDoxMjPCox=='],
    ['one stray character of base64', 'Basic YWxpY2U6c'],
    ['no colon', basic('alice')],
    ['an empty name', basic(':secret')],
    ['an empty password', basic('alice:')],
    ['nothing but a colon', basic(':')],
    ['bytes that are no UTF-8', basic(Buffer.from('alice:pass\xe9', 'latin1'))],
    ['UTF-8 that is cut off', basic(Buffer.from([0x61, 0x3a, 0xe2, 0x82]))],
    ['a second spelling of a character in UTF-8', basic(Buffer.from([0x61, 0x3a, 0xc1, 0x81]))],
    ['a line break', basic('alice:se\ncret')],
    ['a zero byte, at which bcrypt would stop', basic('alice:secret\0x')],
    ['a control character in the name', basic('ali\u0007ce:secret')],
    ['a delete character', basic('alice:secret\u007f')],
    ['a control character beyond ASCII', basic('alice:sec\u0085ret')],
  ])('are none for %s', (_what, header) => {
    expect(parseBasicCredentials(header)).toBeUndefined();
  });
});

describe('any credentials', () => {
  const visible = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !/\p{Cc}/u.test(text));

  it('come out as they went in', () => {
    fc.assert(
      fc.property(visible, visible, (first, password) => {
        const name = first.replaceAll(':', '') || 'x';
        expect(parseBasicCredentials(basic(`${name}:${password}`))).toEqual({ name, password });
      }),
    );
  });

  it('that are no such header are none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `Basic ${text}`),
        ),
        (header) => {
          const credentials = parseBasicCredentials(header);
          if (!credentials) return;
          const { name, password } = credentials;
          expect(basic(`${name}:${password}`).replace(/=+$/, '')).toBe(
            header
              .trimEnd()
              .replace(/^basic +/i, 'Basic ')
              .replace(/=+$/, ''),
          );
        },
      ),
    );
  });
});

/** The user that Passport finds with a strategy, or `false`. */
function authenticate(strategy: passport.Strategy, authorization?: string): Promise<unknown> {
  const authenticator = new passport.Authenticator();
  authenticator.use('basic', strategy);
  return new Promise((resolve, reject) => {
    authenticator.authenticate(
      'basic',
      { session: false },
      (error: Error | null, user?: unknown) => (error ? reject(error) : resolve(user)),
    )({ headers: { authorization } }, undefined, reject);
  });
}

/** passport-http as it is, showing what it understood. */
function understoodByPassportHttp(authorization: string): Promise<unknown> {
  const strategy = new BasicStrategy((name, password, done) => done(null, { name, password }));
  return authenticate(strategy, authorization);
}

describe('passport-http 0.3 by itself', () => {
  it('cuts a password at its second colon', async () => {
    await expect(understoodByPassportHttp(`Basic ${base64('alice:se:cret')}`)).resolves.toEqual({
      name: 'alice',
      password: 'se',
    });
  });

  it.each(['xBasic', 'BasicPlus', 'NotBasicAtAll'])('takes the scheme %s', async (scheme) => {
    await expect(understoodByPassportHttp(`${scheme} ${base64('alice:x')}`)).resolves.toEqual({
      name: 'alice',
      password: 'x',
    });
  });
});

describe('the strategy of this service', () => {
  let strategy: StrictBasicStrategy;

  beforeAll(async () => {
    const users = new Map<string, string>();
    for (const [name, password] of [
      ['alice', 'secret'],
      ['colin', 'se:cret:'],
      ['zoë', 'пароль 100%😀'],
      ['50%', '%3A'],
    ] as const) {
      users.set(name, await bcrypt.hash(password, 4));
    }
    strategy = new StrictBasicStrategy(new UserDirectory(users));
  });

  it.each([
    ['alice', 'secret'],
    ['colin', 'se:cret:'],
    ['zoë', 'пароль 100%😀'],
    ['50%', '%3A'],
  ])('lets %s in with the password %s', async (name, password) => {
    await expect(authenticate(strategy, `Basic ${base64(`${name}:${password}`)}`)).resolves.toEqual(
      { id: `basic:${name}`, name },
    );
  });

  it.each([
    ['the part of a password before its second colon', 'colin:se'],
    ['a password with something behind a colon', 'alice:secret:more'],
    ['a wrong password', 'alice:Secret'],
    ['the password of someone else', 'alice:se:cret:'],
    ['an unknown name', 'mallory:secret'],
    ['a name in another case', 'Alice:secret'],
    ['a password whose decoded form would be right', 'alice:%73ecret'],
    ['a password that is the decoded form of the right one', '50%::'],
    ['an empty password', 'alice:'],
    ['an empty name', ':secret'],
    ['a name without a password', 'alice'],
  ])('lets nobody in with %s', async (_what, pair) => {
    await expect(authenticate(strategy, `Basic ${base64(pair)}`)).resolves.toBe(false);
  });

  it.each(['xBasic', 'BasicPlus', 'NotBasicAtAll', 'Bearer'])(
    'lets nobody in with the scheme %s',
    async (scheme) => {
      await expect(authenticate(strategy, `${scheme} ${base64('alice:secret')}`)).resolves.toBe(
        false,
      );
    },
  );

  it.each([undefined, '', 'Basic', 'Basic !!!'])(
    'lets nobody in with the header %j',
    async (header) => {
      await expect(authenticate(strategy, header)).resolves.toBe(false);
    },
  );

  it('fails, instead of refusing the caller, when the password cannot be checked', async () => {
    const failing = new UserDirectory(new Map([['alice', 'x']]), () =>
      Promise.reject(new Error('out of memory')),
    );
    await expect(
      authenticate(new StrictBasicStrategy(failing), `Basic ${base64('alice:secret')}`),
    ).rejects.toThrow('out of memory');
  });
});
