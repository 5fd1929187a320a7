import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './config-loader.js';
import { PACING } from './pacing.js';
import { HASH, LEAST, problemsOf, refusal } from './rejection.fixture.js';

/** The same without a secret that is made at random. */
const SETTLED = { ...LEAST, LINK_SECRET: 'x'.repeat(32) };

const MILLISECONDS = 'must be a whole number of milliseconds from 1 to 2147483647';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the configuration', () => {
  it('has the documented defaults', () => {
    expect(loadConfig(LEAST)).toEqual({
      http: {
        host: '127.0.0.1',
        port: 3000,
        apiPrefix: '',
        maxBodyBytes: 65_536,
        trustProxy: false,
        corsOrigins: [],
      },
      alfresco: {
        url: 'https://acs.example.com/alfresco',
        tenant: '-default-',
        auth: 'ticket',
        username: 'svc-downloads',
        password: 'open sesame',
        onBehalfOf: 'off',
        connectTimeoutMs: 2000,
        timeoutMs: 10_000,
        idleTimeoutMs: 30_000,
        maxConnections: 128,
      },
      auth: { schemes: ['basic'], users: new Map([['alice', HASH]]) },
      downloads: {
        maxNodeIds: 1000,
        statusFreshnessMs: 250,
        stallAfterMs: 120_000,
        pendingStallAfterMs: 1_800_000,
      },
      store: { url: 'sqlite:./data/downloads.db', retentionMs: 86_400_000 },
      links: {
        secrets: [expect.stringMatching(/^[\w-]{43}$/)],
        isEphemeral: true,
        ttlSeconds: 300,
      },
      rateLimit: { perCaller: 1200, perAddress: 2400, create: 60, failedLogins: 10 },
      shutdownGraceMs: 25_000,
      workers: 1,
      docs: true,
      metrics: true,
      logLevel: 'log',
      pacing: PACING,
    });
  });

  it('takes every variable', () => {
    expect(
      loadConfig({
        ...LEAST,
        HOST: '0.0.0.0',
        PORT: '8080',
        API_PREFIX: 'alfresco/api/-default-/public/alfresco/versions/1',
        ALFRESCO_URL: 'http://localhost:8081/alfresco',
        ALFRESCO_TENANT: 'example.org',
        ALFRESCO_AUTH: 'basic',
        ALFRESCO_CONNECT_TIMEOUT_MS: '1',
        ALFRESCO_TIMEOUT_MS: '2',
        ALFRESCO_IDLE_TIMEOUT_MS: '3',
        ALFRESCO_MAX_CONNECTIONS: '4',
        TRUST_PROXY: '10.0.0.0/8,::1',
        CORS_ORIGINS: 'https://app.example.com,http://localhost:4200',
        AUTH: 'basic,bearer',
        OIDC_ISSUER: 'https://id.example.com/realms/main',
        OIDC_AUDIENCE: 'downloads',
        OIDC_USERNAME_CLAIM: 'email',
        STORE_URL: 'redis://:pass@cache.example.com:6379/1',
        DOWNLOAD_RETENTION: '60',
        LINK_SECRET: `${'a'.repeat(32)},${'b'.repeat(32)}`,
        LINK_TTL: '7',
        RATE_LIMIT_PER_CALLER: '8',
        RATE_LIMIT_PER_ADDRESS: '9',
        RATE_LIMIT_CREATE: '10',
        RATE_LIMIT_FAILED_LOGINS: '11',
        MAX_NODE_IDS: '5',
        STATUS_FRESHNESS_MS: '0',
        STALL_AFTER_MS: '6',
        PENDING_STALL_AFTER_MS: '7',
        SHUTDOWN_GRACE_MS: '0',
        WORKERS: '64',
        MAX_BODY_BYTES: '1024',
        DOCS: 'off',
        METRICS: 'off',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example.com:4318',
        LOG_LEVEL: 'debug',
      }),
    ).toEqual({
      http: {
        host: '0.0.0.0',
        port: 8080,
        apiPrefix: 'alfresco/api/-default-/public/alfresco/versions/1',
        maxBodyBytes: 1024,
        trustProxy: ['10.0.0.0/8', '::1'],
        corsOrigins: ['https://app.example.com', 'http://localhost:4200'],
      },
      alfresco: {
        url: 'http://localhost:8081/alfresco',
        tenant: 'example.org',
        auth: 'basic',
        username: 'svc-downloads',
        password: 'open sesame',
        onBehalfOf: 'off',
        connectTimeoutMs: 1,
        timeoutMs: 2,
        idleTimeoutMs: 3,
        maxConnections: 4,
      },
      auth: {
        schemes: ['basic', 'bearer'],
        users: new Map([['alice', HASH]]),
        oidc: {
          issuer: 'https://id.example.com/realms/main',
          audience: 'downloads',
          usernameClaim: 'email',
        },
      },
      downloads: { maxNodeIds: 5, statusFreshnessMs: 0, stallAfterMs: 6, pendingStallAfterMs: 7 },
      store: { url: 'redis://:pass@cache.example.com:6379/1', retentionMs: 60_000 },
      links: {
        secrets: ['a'.repeat(32), 'b'.repeat(32)],
        isEphemeral: false,
        ttlSeconds: 7,
      },
      rateLimit: { perCaller: 8, perAddress: 9, create: 10, failedLogins: 11 },
      shutdownGraceMs: 0,
      workers: 64,
      docs: false,
      metrics: false,
      otlpEndpoint: 'http://collector.example.com:4318',
      logLevel: 'debug',
      pacing: PACING,
    });
  });

  it.each(['', ' ', '\t'])('takes a variable of %j for one that is not set', (blank) => {
    const config = loadConfig({
      ...SETTLED,
      HOST: blank,
      PORT: blank,
      API_PREFIX: blank,
      USERS_FILE: blank,
      ALFRESCO_PASSWORD_FILE: blank,
      LOG_LEVEL: blank,
      MAX_NODE_IDS: undefined,
    });
    expect(config).toEqual(loadConfig(SETTLED));
  });

  it('ignores variables of others', () => {
    expect(loadConfig({ ...SETTLED, PATH: '/usr/bin', NODE_ENV: 'production' })).toEqual(
      loadConfig(SETTLED),
    );
  });

  it.each([
    ['https://acs.example.com/alfresco/', 'https://acs.example.com/alfresco'],
    ['https://acs.example.com/', 'https://acs.example.com'],
    ['http://[::1]:8080/alfresco', 'http://[::1]:8080/alfresco'],
  ])('takes the address %s', (given, url) => {
    expect(loadConfig({ ...LEAST, ALFRESCO_URL: given }).alfresco.url).toBe(url);
  });

  it.each(['/api/v1/', '/api/v1', 'api/v1/', 'api/v1'])('takes the prefix %s', (given) => {
    expect(loadConfig({ ...LEAST, API_PREFIX: given }).http.apiPrefix).toBe('api/v1');
  });

  it('takes dots inside of a name', () => {
    const config = loadConfig({
      ...LEAST,
      ALFRESCO_TENANT: 'a..b',
      API_PREFIX: '.well-known/v1.0',
    });
    expect(config.alfresco.tenant).toBe('a..b');
    expect(config.http.apiPrefix).toBe('.well-known/v1.0');
  });

  it('takes the longest time that a timer can wait', () => {
    expect(
      loadConfig({
        ...LEAST,
        ALFRESCO_CONNECT_TIMEOUT_MS: '2147483647',
        ALFRESCO_TIMEOUT_MS: '2147483647',
        ALFRESCO_IDLE_TIMEOUT_MS: '2147483647',
      }).alfresco,
    ).toMatchObject({
      connectTimeoutMs: 2_147_483_647,
      timeoutMs: 2_147_483_647,
      idleTimeoutMs: 2_147_483_647,
    });
  });

  it('takes a value without the blanks around it', () => {
    expect(
      loadConfig({
        ...LEAST,
        HOST: ' ::1',
        PORT: ' 8080 ',
        API_PREFIX: '\tapi/v1\t',
        ALFRESCO_URL: ' https://acs.example.com/alfresco/ ',
        ALFRESCO_TENANT: 'example.org\n',
        ALFRESCO_TIMEOUT_MS: '5\r\n',
        AUTH: 'none ',
        DOCS: 'off ',
        LOG_LEVEL: ' warn',
      }),
    ).toMatchObject({
      http: { host: '::1', port: 8080, apiPrefix: 'api/v1' },
      alfresco: { url: 'https://acs.example.com/alfresco', tenant: 'example.org', timeoutMs: 5 },
      auth: { schemes: [] },
      docs: false,
      logLevel: 'warn',
    });
  });

  it('keeps blanks and signs of a password', () => {
    const password = ' p:ä"$\\ß ';
    expect(loadConfig({ ...LEAST, ALFRESCO_PASSWORD: password }).alfresco.password).toBe(password);
  });

  it('lets a free port be chosen', () => {
    expect(loadConfig({ ...LEAST, PORT: '0' }).http.port).toBe(0);
  });
});

describe('bearer tokens', () => {
  const BEARER = {
    ...LEAST,
    USERS: undefined,
    AUTH: 'bearer',
    OIDC_ISSUER: 'https://id.example.com',
    OIDC_AUDIENCE: 'downloads',
  };

  it('need no users, and name their caller by preferred_username', () => {
    expect(loadConfig(BEARER).auth).toEqual({
      schemes: ['bearer'],
      users: new Map(),
      oidc: {
        issuer: 'https://id.example.com',
        audience: 'downloads',
        usernameClaim: 'preferred_username',
      },
    });
  });

  it('need users when Basic is accepted, too', () => {
    expect(problemsOf({ ...BEARER, AUTH: 'basic,bearer' })).toEqual([
      expect.stringMatching(/^USERS_FILE: is required/),
    ]);
  });

  it.each(['OIDC_ISSUER', 'OIDC_AUDIENCE'])('need %s', (name) => {
    expect(problemsOf({ ...BEARER, [name]: undefined })).toEqual([
      expect.stringMatching(new RegExp(`^${name}: is required for AUTH=bearer`)),
    ]);
  });

  it('need nothing of a provider that is not used', () => {
    expect(loadConfig({ ...LEAST, OIDC_ISSUER: 'not used' }).auth.oidc).toBeUndefined();
  });
});

describe('the trusted proxies', () => {
  it.each<[string, unknown]>([
    ['true', true],
    ['false', false],
    ['2', 2],
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.0.0/8,fd00::/8,::1', ['10.0.0.0/8', 'fd00::/8', '::1']],
  ])('may be %s', (given, trustProxy) => {
    expect(loadConfig({ ...LEAST, TRUST_PROXY: given }).http.trustProxy).toEqual(trustProxy);
  });
});

it('takes origins as a browser writes them', () => {
  expect(
    loadConfig({
      ...LEAST,
      CORS_ORIGINS: 'HTTPS://App.Example.com:443,http://[::1]:80,http://localhost:4200',
    }).http.corsOrigins,
  ).toEqual(['https://app.example.com', 'http://[::1]', 'http://localhost:4200']);
});

it('has no limits with RATE_LIMIT=off', () => {
  expect(loadConfig({ ...LEAST, RATE_LIMIT: 'off' }).rateLimit).toBeUndefined();
});

describe('the number of workers', () => {
  it('may be as many as the machine can run at once', () => {
    expect(loadConfig({ ...LEAST, WORKERS: 'auto' }).workers).toBe(
      Math.min(availableParallelism(), 64),
    );
  });

  it('must be 1 when the store is in the memory of a process', () => {
    const inMemory = { ...LEAST, STORE_URL: 'sqlite::memory:' };
    expect(loadConfig({ ...inMemory, WORKERS: '1' }).workers).toBe(1);
    expect(problemsOf({ ...inMemory, WORKERS: '2' })).toEqual([
      'WORKERS="2": needs a store that processes share, not STORE_URL=sqlite::memory:',
    ]);
  });

  it.each(['0', '65', '-1', '1.5', '02', '1e1', 'all', 'AUTO'])('is not %j', (WORKERS) => {
    expect(problemsOf({ ...LEAST, WORKERS })).toEqual([
      `WORKERS="${WORKERS}": must be a whole number of processes from 1 to 64, or auto`,
    ]);
  });
});

describe('a wrong variable', () => {
  it.each([
    ['PORT', '70000', '0 to 65535'],
    ['PORT', '65536', '0 to 65535'],
    ['PORT', '-1', '0 to 65535'],
    ['PORT', 'http', '0 to 65535'],
    ['PORT', '1e3', '0 to 65535'],
    ['PORT', '0x10', '0 to 65535'],
    ['PORT', '80.5', '0 to 65535'],
    ['API_PREFIX', 'a b', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', 'a//b', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', ':id', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', '.', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', '..', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', '/../', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', '../a', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', 'a/..', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', 'a/../b', '[A-Za-z0-9._~-]'],
    ['API_PREFIX', 'a/./b', '[A-Za-z0-9._~-]'],
    ['ALFRESCO_URL', 'acs.example.com', 'http or https'],
    ['ALFRESCO_URL', '/alfresco', 'http or https'],
    ['ALFRESCO_URL', 'ftp://acs.example.com', 'http or https'],
    ['ALFRESCO_TENANT', 'a/b', 'tenant'],
    ['ALFRESCO_AUTH', 'kerberos', 'ticket'],
    ['ALFRESCO_TENANT', '.', 'tenant'],
    ['ALFRESCO_TENANT', '..', 'tenant'],
    ['ALFRESCO_CONNECT_TIMEOUT_MS', '0', MILLISECONDS],
    ['ALFRESCO_CONNECT_TIMEOUT_MS', '2147483648', MILLISECONDS],
    ['ALFRESCO_TIMEOUT_MS', '10s', MILLISECONDS],
    ['ALFRESCO_TIMEOUT_MS', '2147483648', MILLISECONDS],
    ['ALFRESCO_TIMEOUT_MS', '99999999999999999999', MILLISECONDS],
    ['ALFRESCO_IDLE_TIMEOUT_MS', '-5', MILLISECONDS],
    ['ALFRESCO_IDLE_TIMEOUT_MS', '2147483648', MILLISECONDS],
    ['ALFRESCO_MAX_CONNECTIONS', '0', 'at least 1'],
    ['AUTH', 'digest', 'basic'],
    ['AUTH', 'Basic', 'basic'],
    ['AUTH', 'basic,none', 'basic,bearer, or none'],
    ['TRUST_PROXY', 'yes', 'a number of proxies'],
    ['TRUST_PROXY', '-1', 'a number of proxies'],
    ['TRUST_PROXY', '10.0.0', 'a number of proxies'],
    ['TRUST_PROXY', '10.0.0.0/33', 'a number of proxies'],
    ['TRUST_PROXY', '10.0.0.1,', 'a number of proxies'],
    ['TRUST_PROXY', '10.0.0.1, 10.0.0.2', 'a number of proxies'],
    ['CORS_ORIGINS', '*', 'without a path'],
    ['CORS_ORIGINS', 'https://*.example.com', 'without a path'],
    ['CORS_ORIGINS', 'null', 'without a path'],
    ['CORS_ORIGINS', 'app.example.com', 'without a path'],
    ['CORS_ORIGINS', 'https://app.example.com/', 'without a path'],
    ['CORS_ORIGINS', 'https://app.example.com:99999', 'without a path'],
    ['CORS_ORIGINS', 'https://user@app.example.com', 'without a path'],
    ['CORS_ORIGINS', 'https://app.example.com,', 'without a path'],
    ['DOWNLOAD_RETENTION', '59', 'seconds of at least 60'],
    ['LINK_TTL', '0', 'from 1 to 86400'],
    ['LINK_TTL', '86401', 'from 1 to 86400'],
    ['RATE_LIMIT', 'no', 'on or off'],
    ['RATE_LIMIT_PER_CALLER', '0', 'at least 1'],
    ['RATE_LIMIT_PER_ADDRESS', '1.5', 'at least 1'],
    ['RATE_LIMIT_CREATE', '-1', 'at least 1'],
    ['RATE_LIMIT_FAILED_LOGINS', 'few', 'at least 1'],
    ['MAX_NODE_IDS', '0', 'at least 1'],
    ['STATUS_FRESHNESS_MS', '2001', 'from 0 to 2000'],
    ['STALL_AFTER_MS', '0', 'from 1 to'],
    ['PENDING_STALL_AFTER_MS', '0', 'from 1 to'],
    ['SHUTDOWN_GRACE_MS', '-1', 'from 0 to'],
    ['MAX_BODY_BYTES', '64k', 'bytes'],
    ['DOCS', 'yes', 'on or off'],
    ['METRICS', 'yes', 'on or off'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector', 'http or https'],
    ['LOG_LEVEL', 'verbose', 'fatal, error, warn, log, debug'],
  ])('is named and quoted, with the values that are allowed: %s=%s', (name, value, allowed) => {
    const problems = problemsOf({ ...LEAST, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(`${name}="${value}": `);
    expect(problems[0]).toContain(allowed);
  });

  it.each(['ALFRESCO_URL', 'ALFRESCO_USERNAME', 'ALFRESCO_PASSWORD'])(
    'is named when it is missing: %s',
    (name) => {
      for (const missing of [undefined, '', '  ']) {
        expect(problemsOf({ ...LEAST, [name]: missing })).toEqual([
          expect.stringMatching(new RegExp(`^${name}: is required`)),
        ]);
      }
    },
  );

  it('is refused in the name of the account when it has a colon', () => {
    expect(problemsOf({ ...LEAST, ALFRESCO_USERNAME: 'a:b' })).toEqual([
      expect.stringMatching(/^ALFRESCO_USERNAME.*colon/),
    ]);
  });

  it('is listed with all others at once', () => {
    const { message, problems } = refusal({
      PORT: 'http',
      ALFRESCO_PASSWORD: 'open sesame',
      ALFRESCO_USERNAME_FILE: '/nowhere/name',
      DOCS: 'yes',
      USERS: 'alice:plain,bob',
    });
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ALFRESCO_URL: /),
        expect.stringMatching(/^ALFRESCO_USERNAME_FILE="/),
        expect.stringMatching(/^DOCS="yes": /),
        expect.stringMatching(/^PORT="http": /),
        expect.stringMatching(/^USERS, entry 1: /),
        expect.stringMatching(/^USERS, entry 2: /),
      ]),
    );
    for (const problem of problems) expect(message).toContain(problem);
  });

  it('is never quoted when it is a secret', () => {
    const { message } = refusal({
      ...LEAST,
      STORE_URL: 'mysql://:open@cache.example.com',
      LINK_SECRET: 'open',
      PORT: 'http',
      ALFRESCO_PASSWORD: 'open sesame',
      ALFRESCO_PASSWORD_FILE: file('both', 'open barley'),
      USERS: `alice:hunter2,letmein,bob:${HASH},bob:${HASH}`,
    });
    expect(message).toContain('PORT');
    expect(message).not.toMatch(/open|hunter2|letmein|\$2b\$/);
  });
});

describe('a password in a place that is not its own', () => {
  it.each([
    'https://svc:hunter2@acs.example.com/alfresco',
    'https://:hunter2@acs.example.com',
    'https://svc:p@hunter2@acs.example.com',
    'https://svc:p/hunter2@acs.example.com',
    'https:/svc:hunter2@acs.example.com',
    'https:svc:hunter2@acs.example.com',
    'https:\\\\svc:hunter2@acs.example.com',
    'svc:hunter2@acs.example.com',
    'ftp://svc:hunter2@acs.example.com',
    'https://svc:hunter2',
    'https://svc:hunter2%40acs.example.com',
    'https://acs.example.com/?password=hunter2',
    'https://acs.example.com/#hunter2',
    'https://svc:hunter2@\nacs.example.com',
  ])('is not printed as part of the address %j', (url) => {
    const { message, problems } = refusal({ ...LEAST, ALFRESCO_URL: url });
    expect(problems).toEqual([expect.stringMatching(/^ALFRESCO_URL: must be the root of /)]);
    expect(message).not.toContain('hunter2');
  });

  it('is not printed as part of the address of a collector', () => {
    const endpoint = 'https://user:hunter2@otlp.example.com';
    expect(refusal({ ...LEAST, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).message).not.toContain(
      'hunter2',
    );
  });

  it.each(['svc:hunter2', ':hunter2', 'svc:p:hunter2'])(
    'is not printed behind the name of the account: %s',
    (name) => {
      for (const variables of [
        { ALFRESCO_USERNAME: name },
        { ALFRESCO_USERNAME: undefined, ALFRESCO_USERNAME_FILE: file('name', name) },
      ]) {
        const { message, problems } = refusal({ ...LEAST, ...variables });
        expect(problems).toEqual(['ALFRESCO_USERNAME: must not contain a colon (RFC 7617)']);
        expect(message).not.toContain('hunter2');
      }
    },
  );
});

describe('a secret in a file', () => {
  it.each([
    ['without a line end', 'from a file', 'from a file'],
    ['with the line end of an editor', 'from a file\n', 'from a file'],
    ['with the line end of Windows', 'from a file\r\n', 'from a file'],
    ['with blanks, which belong to it', ' from a file ', ' from a file '],
    ['with a second line end, which belongs to it', 'from a file\n\n', 'from a file\n'],
    ['in UTF-8', 'pässwörd\n', 'pässwörd'],
  ])('is read %s', (_what, text, password) => {
    const config = loadConfig({
      ...LEAST,
      ALFRESCO_PASSWORD: undefined,
      ALFRESCO_PASSWORD_FILE: file('password', text),
    });
    expect(config.alfresco.password).toBe(password);
  });

  it('may be the name of the account', () => {
    const config = loadConfig({
      ...LEAST,
      ALFRESCO_USERNAME: '',
      ALFRESCO_USERNAME_FILE: file('name', 'svc-other\n'),
    });
    expect(config.alfresco.username).toBe('svc-other');
  });

  it.each(['ALFRESCO_USERNAME', 'ALFRESCO_PASSWORD'])(
    'is refused beside the variable itself: %s',
    (name) => {
      expect(problemsOf({ ...LEAST, [`${name}_FILE`]: file('secret', 'x') })).toEqual([
        `${name} and ${name}_FILE: give one, not both`,
      ]);
    },
  );

  it.each(['ALFRESCO_USERNAME', 'ALFRESCO_PASSWORD'])(
    'is refused once when the file cannot be read, with its path: %s',
    (name) => {
      const path = join(folder, 'missing');
      expect(problemsOf({ ...LEAST, [name]: undefined, [`${name}_FILE`]: path })).toEqual([
        `${name}_FILE="${path}": the file cannot be read (ENOENT)`,
      ]);
    },
  );

  it('may have blanks around its path', () => {
    const config = loadConfig({
      ...LEAST,
      ALFRESCO_PASSWORD: undefined,
      ALFRESCO_PASSWORD_FILE: ` ${file('password', 'from a file')} `,
    });
    expect(config.alfresco.password).toBe('from a file');
  });

  it('is refused when the file is empty', () => {
    expect(
      problemsOf({
        ...LEAST,
        ALFRESCO_PASSWORD: undefined,
        ALFRESCO_PASSWORD_FILE: file('empty', '\n'),
      }),
    ).toEqual([expect.stringMatching(/^ALFRESCO_PASSWORD: is required/)]);
  });
});

describe('the users', () => {
  const { USERS: _users, ...WITHOUT_USERS } = LEAST;

  it('may come from an htpasswd file', () => {
    const path = file('htpasswd', `alice:${HASH}\nbob:${HASH.replace('$2b$', '$2y$')}\n`);
    expect(loadConfig({ ...WITHOUT_USERS, USERS_FILE: path }).auth).toEqual({
      schemes: ['basic'],
      users: new Map([
        ['alice', HASH],
        ['bob', HASH],
      ]),
    });
  });

  it.each([undefined, 'basic'])('are required for AUTH=%s', (AUTH) => {
    expect(problemsOf({ ...WITHOUT_USERS, AUTH })).toEqual([
      expect.stringMatching(/^USERS_FILE: is required.*USERS.*AUTH=none/),
    ]);
  });

  it('are not required when the service is said to be open to everyone', () => {
    expect(loadConfig({ ...WITHOUT_USERS, AUTH: 'none' }).auth).toEqual({
      schemes: [],
      users: new Map(),
    });
  });

  it('are refused from two places', () => {
    expect(problemsOf({ ...LEAST, USERS_FILE: file('htpasswd', `bob:${HASH}`) })).toEqual([
      'USERS and USERS_FILE: give one, not both',
    ]);
  });

  it('are refused when the file cannot be read, with its path', () => {
    const path = join(folder, 'missing');
    expect(problemsOf({ ...WITHOUT_USERS, USERS_FILE: path })).toEqual([
      expect.stringMatching(/^USERS_FILE=".*missing": .*ENOENT/),
    ]);
  });

  it.each(['', '# nobody\n'])('are refused when the file has none: %j', (text) => {
    expect(problemsOf({ ...WITHOUT_USERS, USERS_FILE: file('htpasswd', text) })).toEqual([
      'USERS_FILE: has no user',
    ]);
  });

  it('are refused by line when the file is wrong', () => {
    const path = file('htpasswd', `alice:${HASH}\nbob:$apr1$secret\n`);
    const [problem] = problemsOf({ ...WITHOUT_USERS, USERS_FILE: path });
    expect(problem).toMatch(/^USERS_FILE, line 2: /);
    expect(problem).not.toContain('apr1');
  });
});

describe('the message of a refused configuration', () => {
  it('says one problem in one line and where the variables are described', () => {
    const { message } = refusal({ ...LEAST, PORT: 'http' });
    expect(message.split('\n').filter((line) => line.includes('PORT'))).toHaveLength(1);
    expect(message).toContain('.env.example');
  });
});
