import bcrypt from 'bcrypt';
import passport from 'passport';
import { BasicStrategy } from 'passport-http';
import { StrictBasicStrategy } from './basic.strategy.js';
import { UserDirectory } from './user-directory.js';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

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
