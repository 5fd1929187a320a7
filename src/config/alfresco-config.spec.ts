import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './config-loader.js';
import { LEAST, problemsOf } from './rejection.fixture.js';

const { ALFRESCO_USERNAME: _name, ALFRESCO_PASSWORD: _password, ...WITHOUT_ACCOUNT } = LEAST;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'alfresco-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const alfrescoOf = (variables: Record<string, string | undefined>) =>
  loadConfig(variables).alfresco;

describe('ALFRESCO_AUTH', () => {
  it.each(['basic', 'ticket'])('may be %s, with name and password', (ALFRESCO_AUTH) => {
    expect(alfrescoOf({ ...LEAST, ALFRESCO_AUTH }).auth).toBe(ALFRESCO_AUTH);
    expect(problemsOf({ ...WITHOUT_ACCOUNT, ALFRESCO_AUTH })).toEqual([
      expect.stringMatching(/^ALFRESCO_USERNAME: is required/),
      expect.stringMatching(/^ALFRESCO_PASSWORD: is required/),
    ]);
  });

  it('may be nothing else', () => {
    expect(problemsOf({ ...LEAST, ALFRESCO_AUTH: 'kerberos' })).toEqual([
      expect.stringMatching(/^ALFRESCO_AUTH="kerberos": must be ticket, basic or oauth2$/),
    ]);
  });
});

describe('ALFRESCO_AUTH=oauth2', () => {
  const OAUTH2 = {
    ...WITHOUT_ACCOUNT,
    ALFRESCO_AUTH: 'oauth2',
    ALFRESCO_OAUTH2_TOKEN_URL: 'https://id.example.com/realms/x/protocol/openid-connect/token',
    ALFRESCO_OAUTH2_CLIENT_ID: 'bff',
    ALFRESCO_OAUTH2_CLIENT_SECRET: 'hunter2',
  };

  it('needs no account of Alfresco', () => {
    expect(alfrescoOf(OAUTH2)).toMatchObject({
      auth: 'oauth2',
      username: '',
      oauth2: {
        tokenUrl: OAUTH2.ALFRESCO_OAUTH2_TOKEN_URL,
        clientId: 'bff',
        clientSecret: 'hunter2',
      },
    });
    expect(alfrescoOf(OAUTH2).oauth2).not.toHaveProperty('scope');
    expect(alfrescoOf(LEAST)).not.toHaveProperty('oauth2');
  });

  it('may have scopes, and its secret in a file', () => {
    const variables = {
      ...OAUTH2,
      ALFRESCO_OAUTH2_SCOPE: 'openid api://x/.default',
      ALFRESCO_OAUTH2_CLIENT_SECRET: '',
      ALFRESCO_OAUTH2_CLIENT_SECRET_FILE: file('secret', ' in a file\n'),
    };
    expect(alfrescoOf(variables).oauth2).toMatchObject({
      clientSecret: ' in a file',
      scope: 'openid api://x/.default',
    });
  });

  it('needs the rest', () => {
    expect(problemsOf({ ...WITHOUT_ACCOUNT, ALFRESCO_AUTH: 'oauth2' })).toEqual([
      expect.stringMatching(/^ALFRESCO_OAUTH2_TOKEN_URL: is required for ALFRESCO_AUTH=oauth2 /),
      expect.stringMatching(/^ALFRESCO_OAUTH2_CLIENT_ID: is required for ALFRESCO_AUTH=oauth2 /),
      expect.stringMatching(/^ALFRESCO_OAUTH2_CLIENT_SECRET: is required .*_SECRET_FILE/),
    ]);
  });

  it.each([
    ['ALFRESCO_OAUTH2_TOKEN_URL', 'id.example.com', '="id.example.com"'],
    ['ALFRESCO_OAUTH2_TOKEN_URL', 'https://bff:hunter2@id.example.com/token', ''],
    ['ALFRESCO_OAUTH2_SCOPE', 'a  b', '="a  b"'],
  ])('is refused with %s of %s', (name, value, quoted) => {
    const problems = problemsOf({ ...OAUTH2, [name]: value });
    expect(problems).toEqual([expect.stringContaining(`${name}${quoted}: must be `)]);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('ALFRESCO_ON_BEHALF_OF', () => {
  it.each(['admin', 'true'])('may not be %s', (ALFRESCO_ON_BEHALF_OF) => {
    expect(problemsOf({ ...LEAST, ALFRESCO_ON_BEHALF_OF })).toContain(
      `ALFRESCO_ON_BEHALF_OF="${ALFRESCO_ON_BEHALF_OF}": must be off, remote-user, token or token-exchange`,
    );
  });
});

describe('ALFRESCO_ON_BEHALF_OF as token or token-exchange', () => {
  const BEARER = {
    ...WITHOUT_ACCOUNT,
    USERS: undefined,
    AUTH: 'bearer',
    OIDC_ISSUER: 'https://id.example.com/realms/x',
    OIDC_AUDIENCE: 'downloads',
  };
  const TOKEN = { ...BEARER, ALFRESCO_ON_BEHALF_OF: 'token' };
  const EXCHANGE = {
    ...BEARER,
    ALFRESCO_ON_BEHALF_OF: 'token-exchange',
    ALFRESCO_OAUTH2_TOKEN_URL: 'https://id.example.com/realms/x/protocol/openid-connect/token',
    ALFRESCO_OAUTH2_CLIENT_ID: 'bff',
    ALFRESCO_OAUTH2_CLIENT_SECRET: 'hunter2',
    ALFRESCO_OAUTH2_AUDIENCE: 'alfresco',
  };
  const SESSION = {
    AUTH: 'session',
    OIDC_CLIENT_ID: 'downloads',
    OIDC_CLIENT_SECRET: 'hunter2',
    SESSION_SECRET: 'x'.repeat(32),
    PUBLIC_URL: 'https://downloads.example.com',
  };

  it('needs no account of Alfresco', () => {
    expect(alfrescoOf(TOKEN)).toMatchObject({ onBehalfOf: 'token', username: '' });
    expect(alfrescoOf(TOKEN)).not.toHaveProperty('oauth2');
    expect(alfrescoOf(EXCHANGE)).toMatchObject({
      onBehalfOf: 'token-exchange',
      username: '',
      oauth2: { clientId: 'bff', audience: 'alfresco' },
    });
  });

  it.each([TOKEN, EXCHANGE])('takes callers with tokens, with sessions, or both', (variables) => {
    for (const AUTH of ['bearer', 'session', 'bearer,session', 'session,bearer']) {
      expect(() => alfrescoOf({ ...variables, ...SESSION, AUTH })).not.toThrow();
    }
  });

  it.each(['basic', 'basic,bearer', 'basic,session', 'none'])(
    'takes no callers of AUTH=%s, who have no token',
    (AUTH) => {
      for (const variables of [TOKEN, EXCHANGE]) {
        const { ALFRESCO_ON_BEHALF_OF: mode } = variables;
        const { USERS } = LEAST;
        expect(problemsOf({ ...variables, ...SESSION, AUTH, USERS })).toEqual([
          `AUTH="${AUTH}": must be bearer, session or both with ALFRESCO_ON_BEHALF_OF=${mode}, which passes on the access token of the caller`,
        ]);
      }
    },
  );

  it('has no account besides', () => {
    expect(problemsOf({ ...TOKEN, ALFRESCO_AUTH: 'basic' })).toEqual([
      expect.stringMatching(/^ALFRESCO_AUTH="basic": must not be set with .*=token, which uses no/),
    ]);
  });

  it('needs a token endpoint, a client and an audience for an exchange', () => {
    expect(problemsOf({ ...BEARER, ALFRESCO_ON_BEHALF_OF: 'token-exchange' })).toEqual([
      expect.stringMatching(/^ALFRESCO_OAUTH2_TOKEN_URL: is required for .*=token-exchange$/),
      expect.stringMatching(/^ALFRESCO_OAUTH2_CLIENT_ID: is required for .*=token-exchange$/),
      expect.stringMatching(/^ALFRESCO_OAUTH2_CLIENT_SECRET: is required .*=token-exchange/),
      expect.stringMatching(/^ALFRESCO_OAUTH2_AUDIENCE: is required for .*=token-exchange: whom/),
    ]);
  });
});
