import bcrypt from 'bcrypt';
import { parseHtpasswd } from '../config/config-files.js';
import { UserDirectory } from './user-directory.js';

const START = new Date('2026-11-24T01:00:00Z').getTime();

describe('the directory of users', () => {
  let users: Map<string, string>;
  /** The hashes that bcrypt was asked to compare with, one entry a run. */
  let runs: string[];
  let directory: UserDirectory;

  const countingCompare = (password: Buffer, hash: string): Promise<boolean> => {
    runs.push(hash);
    return bcrypt.compare(password, hash);
  };

  beforeAll(async () => {
    users = new Map([
      ['alice', await bcrypt.hash('wonderland', 4)],
      ['bob', await bcrypt.hash('builder', 4)],
    ]);
  });

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: START });
    runs = [];
    directory = new UserDirectory(users, countingCompare);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['the right password', 'alice', 'wonderland', true],
    ['a wrong password', 'alice', 'Wonderland', false],
    ['the password of someone else', 'alice', 'builder', false],
    ['an unknown name', 'mallory', 'wonderland', false],
    ['a name in another case', 'Alice', 'wonderland', false],
    ['a name that every object has', 'constructor', 'wonderland', false],
    ['an empty password', 'alice', '', false],
  ])('verifies %s', async (_what, name, password, isVerified) => {
    await expect(new UserDirectory(users).verify(name, password)).resolves.toBe(isVerified);
  });

  it('verifies nothing when there are no users', async () => {
    await expect(new UserDirectory(new Map()).verify('alice', 'wonderland')).resolves.toBe(false);
  });

  // The hash of "U*U" is a test vector of crypt_blowfish, whose $2y$ is what htpasswd writes.
  it('verifies a user from an htpasswd file', async () => {
    const problems: string[] = [];
    const fromFile = parseHtpasswd(
      'carol:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n',
      problems,
    );
    const htpasswd = new UserDirectory(fromFile);
    expect(problems).toEqual([]);
    await expect(htpasswd.verify('carol', 'U*U')).resolves.toBe(true);
    await expect(htpasswd.verify('carol', 'U*V')).resolves.toBe(false);
  });

  it('pays for bcrypt once when a caller polls', async () => {
    for (let poll = 0; poll < 5; poll += 1) {
      await expect(directory.verify('alice', 'wonderland')).resolves.toBe(true);
    }
    expect(runs).toHaveLength(1);
  });

  it('remembers a pair for a minute', async () => {
    await directory.verify('alice', 'wonderland');
    vi.setSystemTime(START + 59_999);
    await expect(directory.verify('alice', 'wonderland')).resolves.toBe(true);
    expect(runs).toHaveLength(1);
  });

  it('asks bcrypt again after a minute', async () => {
    await directory.verify('alice', 'wonderland');
    vi.setSystemTime(START + 60_000);
    await expect(directory.verify('alice', 'wonderland')).resolves.toBe(true);
    expect(runs).toHaveLength(2);
  });

  it('does not remember longer because the pair is used', async () => {
    await directory.verify('alice', 'wonderland');
    vi.setSystemTime(START + 40_000);
    await directory.verify('alice', 'wonderland');
    vi.setSystemTime(START + 80_000);
    await directory.verify('alice', 'wonderland');
    expect(runs).toHaveLength(2);
  });

  it('does not remember a wrong password', async () => {
    await expect(directory.verify('alice', 'guess')).resolves.toBe(false);
    await expect(directory.verify('alice', 'guess')).resolves.toBe(false);
    expect(runs).toHaveLength(2);
  });

  it('asks bcrypt for a wrong password while the right one is remembered', async () => {
    await directory.verify('alice', 'wonderland');
    await expect(directory.verify('alice', 'guess')).resolves.toBe(false);
    expect(runs).toHaveLength(2);
  });

  it('still remembers the right password after a wrong one', async () => {
    await directory.verify('alice', 'wonderland');
    await directory.verify('alice', 'guess');
    await expect(directory.verify('alice', 'wonderland')).resolves.toBe(true);
    expect(runs).toHaveLength(2);
  });

  it('remembers each user separately', async () => {
    await directory.verify('alice', 'wonderland');
    await expect(directory.verify('bob', 'wonderland')).resolves.toBe(false);
    await expect(directory.verify('bob', 'builder')).resolves.toBe(true);
    await expect(directory.verify('alice', 'wonderland')).resolves.toBe(true);
    expect(runs).toEqual([users.get('alice'), users.get('bob'), users.get('bob')]);
  });

  it('does not share what it remembers with another directory', async () => {
    await directory.verify('alice', 'wonderland');
    await new UserDirectory(users, countingCompare).verify('alice', 'wonderland');
    expect(runs).toHaveLength(2);
  });

  it.each([
    ['right', 'wonderland', true],
    ['wrong', 'guess', false],
  ])('runs bcrypt once for requests that arrive together, %s', async (_what, password, verdict) => {
    const together = Array.from({ length: 6 }, () => directory.verify('alice', password));
    await expect(Promise.all(together)).resolves.toEqual(Array(6).fill(verdict));
    expect(runs).toHaveLength(1);
  });

  it('does not mix up different pairs that arrive together', async () => {
    await expect(
      Promise.all([
        directory.verify('alice', 'wonderland'),
        directory.verify('alice', 'guess'),
        directory.verify('bob', 'wonderland'),
        directory.verify('bob', 'builder'),
      ]),
    ).resolves.toEqual([true, false, false, true]);
    expect(runs).toHaveLength(4);
  });

  it('spends the same on a name that does not exist', async () => {
    await directory.verify('mallory', 'wonderland');
    expect(runs).toHaveLength(1);
    const [hash] = runs;
    expect(bcrypt.getRounds(hash!)).toBe(4);
    // bcrypt gives up at once on a malformed salt; with this one it works through all rounds.
    await expect(bcrypt.hash('wonderland', hash!.slice(0, 29))).resolves.toMatch(/^\$2b\$04\$/);
  });

  it('takes passwords that bcrypt cannot tell apart for one', async () => {
    const long = 'ä'.repeat(36);
    users.set('dora', await bcrypt.hash(long, 4));
    for (const suffix of ['', '1', '2', 'ö']) {
      await expect(directory.verify('dora', long + suffix)).resolves.toBe(true);
    }
    await expect(directory.verify('dora', 'ä'.repeat(35))).resolves.toBe(false);
    expect(runs).toHaveLength(2);
    users.delete('dora');
  });

  it('spends as much on unknown names as on some user, and the same each time', async () => {
    const mixed = new Map([
      ['cheap', await bcrypt.hash('a', 4)],
      ['dear', await bcrypt.hash('b', 6)],
    ]);
    const several = new UserDirectory(mixed, countingCompare);
    const names = Array.from({ length: 40 }, (_, index) => `nobody-${index}`);
    for (const name of [...names, ...names]) await several.verify(name, 'guess');
    const costs = runs.map((hash) => bcrypt.getRounds(hash));
    expect(costs.slice(0, 40)).toEqual(costs.slice(40));
    expect(new Set(costs)).toEqual(new Set([4, 6]));
  });

  it('lets the pair that was right a while ago pass the throttle', async () => {
    const throttle = { attempt: vi.fn(() => Promise.reject(new Error('too many'))) };
    const locked = new UserDirectory(users, countingCompare, throttle);
    await expect(locked.verify('alice', 'wonderland')).rejects.toThrow('too many');
    throttle.attempt.mockImplementationOnce(((
      _address: string,
      _name: string,
      verify: () => Promise<boolean>,
    ) => verify()) as never);
    await expect(locked.verify('alice', 'wonderland')).resolves.toBe(true);
    vi.setSystemTime(START + 120_000);
    await expect(locked.verify('alice', 'wonderland')).resolves.toBe(true);
    await expect(locked.verify('alice', 'guess')).rejects.toThrow('too many');
    expect(runs).toHaveLength(2);
  });

  it('tries again after bcrypt itself has failed', async () => {
    const outcomes = [() => Promise.reject(new Error('out of memory'))];
    const recovering = new UserDirectory(
      users,
      (password, hash) => outcomes.pop()?.() ?? bcrypt.compare(password, hash),
    );
    await expect(recovering.verify('alice', 'wonderland')).rejects.toThrow('out of memory');
    await expect(recovering.verify('alice', 'wonderland')).resolves.toBe(true);
  });
});

describe('logins of a moment ago', () => {
  const ALICE = { id: 'basic:alice', name: 'alice' };
  const HEADER = 'Basic YWxpY2U6d29uZGVybGFuZA==';
  let directory: UserDirectory;
  let users: Map<string, string>;

  beforeAll(async () => {
    users = new Map([['alice', await bcrypt.hash('wonderland', 4)]]);
  });
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START });
    directory = new UserDirectory(users);
    await directory.verify('alice', 'wonderland');
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are found by the header that let the caller in', () => {
    expect(directory.recall(HEADER)).toEqual(ALICE);
  });

  it.each([
    ['another password', 'Basic YWxpY2U6d29uZGVybGFuZQ=='],
    ['another spelling of the same', 'basic YWxpY2U6d29uZGVybGFuZA=='],
    ['more behind it', `${HEADER} `],
    ['less of it', HEADER.slice(0, -1)],
    ['nothing', ''],
  ])('are not found by %s', (_what, header) => {
    expect(directory.recall(header)).toBeUndefined();
  });

  it('end in time', () => {
    vi.setSystemTime(START + 60_000);
    expect(directory.recall(HEADER)).toBeUndefined();
  });

  it('are bounded in number, one a user', async () => {
    for (let i = 0; i < 100; i += 1) await directory.verify('alice', `guess ${i}`);
    await directory.verify('mallory', 'wonderland');
    const { logins } = directory as unknown as { logins: Map<string, unknown> };
    expect(logins.size).toBe(1);
    expect(directory.recall(HEADER)).toEqual(ALICE);
  });

  it('let nobody in by a name with a colon, which is another pair with the same header', async () => {
    users.set('bob', await bcrypt.hash('a:b', 4));
    await expect(directory.verify('bob', 'a:b')).resolves.toBe(true);
    await expect(directory.verify('bob:a', 'b')).resolves.toBe(false);
    users.delete('bob');
  });
});
