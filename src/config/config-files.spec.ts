import { parseHtpasswd, parseUserList } from './config-files.js';

const SALTED = 'CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const HASH = `$2b$05$${SALTED}`;

function htpasswd(text: string) {
  const problems: string[] = [];
  return { users: parseHtpasswd(text, problems), problems };
}

function list(text: string) {
  const problems: string[] = [];
  return { users: parseUserList(text, problems), problems };
}

describe('an htpasswd file', () => {
  it('gives its users, without comments and blank lines', () => {
    const text = `# team A\n\nalice:${HASH}\n   \n  # team B\nbob:$2a$10$${SALTED}`;
    expect(htpasswd(text)).toEqual({
      users: new Map([
        ['alice', HASH],
        ['bob', `$2a$10$${SALTED}`],
      ]),
      problems: [],
    });
  });

  it('may have the line ends of Windows', () => {
    expect(htpasswd(`alice:${HASH}\r\nbob:${HASH}\r\n`)).toEqual({
      users: new Map([
        ['alice', HASH],
        ['bob', HASH],
      ]),
      problems: [],
    });
  });

  it('may hold hashes of htpasswd -B, renamed as bcrypt knows them', () => {
    expect(htpasswd(`alice:$2y$05$${SALTED}`).users.get('alice')).toBe(HASH);
  });

  it.each(['04', '10', '12', '19', '20', '31'])('may hold hashes of the cost %s', (cost) => {
    expect(htpasswd(`alice:$2y$${cost}$${SALTED}`).problems).toEqual([]);
  });

  it('may hold names beyond ASCII and with blanks', () => {
    expect([...htpasswd(`zoë van dam:${HASH}`).users.keys()]).toEqual(['zoë van dam']);
  });

  it.each([
    ['MD5 of Apache', '$apr1$Q1w2E3r4$abcdefghijklmnopqrstu.'],
    ['SHA-1', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ['crypt', 'rqXexS6ZhobKA'],
    ['plain text', 'hunter2'],
    ['nothing', ''],
    ['an unknown kind of bcrypt', `$2x$05$${SALTED}`],
    ['bcrypt of an impossible cost', `$2y$03$${SALTED}`],
    ['bcrypt of an absurd cost', `$2y$32$${SALTED}`],
    ['bcrypt that is too short', HASH.slice(0, -1)],
    ['bcrypt that is too long', `${HASH}x`],
    ['bcrypt with a comment behind', `${HASH}:Alice Example`],
  ])('is refused by line for %s, without the hash', (_what, hash) => {
    const { users, problems } = htpasswd(`# users\nalice:${hash}\n`);
    expect(users.size).toBe(0);
    expect(problems).toEqual([expect.stringMatching(/^USERS_FILE, line 2: .*"alice".*bcrypt/)]);
    if (hash !== '') expect(problems[0]).not.toContain(hash);
  });

  it.each([
    ['a line without a colon', 'hunter2'],
    ['a line without a name', `:${HASH}`],
  ])('is refused by line for %s, without its text', (_what, line) => {
    expect(htpasswd(`alice:${HASH}\n${line}`).problems).toEqual([
      'USERS_FILE, line 2: must be name:bcrypt',
    ]);
  });

  it('is refused when a name is listed twice, and the first one counts', () => {
    const { users, problems } = htpasswd(`alice:${HASH}\nalice:$2b$06$${SALTED}`);
    expect(problems).toEqual(['USERS_FILE, line 2: "alice" is listed twice']);
    expect(users.get('alice')).toBe(HASH);
  });

  it('has names that differ in case', () => {
    expect(htpasswd(`alice:${HASH}\nAlice:${HASH}`).problems).toEqual([]);
  });

  it('is refused for every wrong line at once', () => {
    const { problems } = htpasswd(`x\nalice:${HASH}\nbob:plain\nalice:${HASH}`);
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'USERS_FILE, line 1',
      'USERS_FILE, line 3',
      'USERS_FILE, line 4',
    ]);
  });

  it.each(['', '\n\n', '# nobody yet\n'])('is refused without a user: %j', (text) => {
    expect(htpasswd(text).problems).toEqual(['USERS_FILE: has no user']);
  });
});

describe('the list of users in a variable', () => {
  it('gives its users, with blanks and commas to spare', () => {
    expect(list(`alice:${HASH} , bob:$2y$05$${SALTED},`)).toEqual({
      users: new Map([
        ['alice', HASH],
        ['bob', HASH],
      ]),
      problems: [],
    });
  });

  it('is refused by position, without hashes and passwords', () => {
    const { problems } = list(`alice:${HASH},hunter2,bob:letmein`);
    expect(problems).toEqual([
      'USERS, entry 2: must be name:bcrypt',
      expect.stringMatching(/^USERS, entry 3: .*"bob".*bcrypt/),
    ]);
    expect(problems.join()).not.toMatch(/hunter2|letmein/);
  });

  it('is refused without a user', () => {
    expect(list(' , ').problems).toEqual(['USERS: has no user']);
  });
});
