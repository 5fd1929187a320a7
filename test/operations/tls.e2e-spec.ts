import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority, isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { loadConfig } from '../../src/config/config-loader.js';
import { LEAST, problemsOf } from '../../src/config/rejection.fixture.js';

const { ALFRESCO_USERNAME: _name, ALFRESCO_PASSWORD: _password, ...WITHOUT_ACCOUNT } = LEAST;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const alfrescoOf = (variables: Record<string, string | undefined>) =>
  loadConfig(variables).alfresco;

describe.skipIf(isOpensslMissing())('certificates of the connection to Alfresco', () => {
  let authority: CertificateAuthority;
  let files: { ca: string; cert: string; key: string; otherKey: string };
  let ca: string;
  let identity: { cert: string; key: string };

  beforeAll(() => {
    authority = new CertificateAuthority();
    ca = authority.cert;
    identity = authority.issue('/O=Example/CN=downloads-bff');
    files = {
      ca: file('ca.pem', ca),
      cert: file('cert.pem', identity.cert),
      key: file('key.pem', identity.key),
      otherKey: file('other.key', authority.issue('/CN=other').key),
    };
  });
  afterAll(() => authority.close());

  it('are none by default, and come from files', () => {
    expect(alfrescoOf(LEAST)).not.toHaveProperty('tls');
    expect(alfrescoOf({ ...LEAST, ALFRESCO_CA_FILE: files.ca }).tls).toEqual({ ca });
    const client = {
      ALFRESCO_CLIENT_CERT_FILE: files.cert,
      ALFRESCO_CLIENT_KEY_FILE: files.key,
    };
    expect(alfrescoOf({ ...LEAST, ...client }).tls).toEqual({ client: identity });
    expect(alfrescoOf({ ...LEAST, ...client, ALFRESCO_CA_FILE: files.ca }).tls).toEqual({
      ca,
      client: identity,
    });
  });

  it('may be several in one file', () => {
    const chain = `# leaf first\n${identity.cert}${ca}`;
    const path = file('chain.pem', chain);
    expect(alfrescoOf({ ...LEAST, ALFRESCO_CA_FILE: path }).tls).toEqual({ ca: chain });
  });

  it.each(['ALFRESCO_CLIENT_CERT_FILE', 'ALFRESCO_CLIENT_KEY_FILE'] as const)(
    'are rejected without their counterpart: %s',
    (given) => {
      const other = given.replace(/CERT|KEY/, (half) => (half === 'CERT' ? 'KEY' : 'CERT'));
      const path = given.includes('CERT') ? files.cert : files.key;
      expect(problemsOf({ ...LEAST, [given]: path })).toEqual([
        expect.stringMatching(new RegExp(`^${other}: is required .* together with ${given}$`)),
      ]);
    },
  );

  it('are rejected when the key belongs to another certificate', () => {
    expect(
      problemsOf({
        ...LEAST,
        ALFRESCO_CLIENT_CERT_FILE: files.cert,
        ALFRESCO_CLIENT_KEY_FILE: files.otherKey,
      }),
    ).toEqual(['ALFRESCO_CLIENT_KEY_FILE: is not the key of ALFRESCO_CLIENT_CERT_FILE']);
  });

  it('are rejected when files are missing or hold something else, without showing their content', () => {
    const missing = join(folder, 'missing');
    const problems = problemsOf({
      ...LEAST,
      ALFRESCO_CA_FILE: missing,
      ALFRESCO_CLIENT_CERT_FILE: files.key,
      ALFRESCO_CLIENT_KEY_FILE: files.cert,
    });
    expect(problems).toEqual([
      `ALFRESCO_CA_FILE="${missing}": the file cannot be read (ENOENT)`,
      `ALFRESCO_CLIENT_CERT_FILE="${files.key}": the file must hold certificates in PEM`,
      `ALFRESCO_CLIENT_KEY_FILE="${files.cert}": the file must hold a private key in PEM without a passphrase`,
    ]);
  });

  it.each([
    ['nothing', ''],
    ['words', 'not a certificate'],
    [
      'something that only looks like one',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ],
  ])('are refused when the file holds %s', (_what, text) => {
    const path = file('wrong.pem', text);
    expect(problemsOf({ ...LEAST, ALFRESCO_CA_FILE: path })).toEqual([
      `ALFRESCO_CA_FILE="${path}": the file must hold certificates in PEM`,
    ]);
  });

  it('are rejected when one of several is broken', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const path = file('half.pem', ca + broken);
    expect(problemsOf({ ...LEAST, ALFRESCO_CA_FILE: path })).toHaveLength(1);
  });

  it('are rejected with a key that needs a passphrase', () => {
    const path = join(folder, 'encrypted.key');
    const options = ['-in', files.key, '-aes256', '-passout', 'pass:s3cret', '-out', path];
    execFileSync('openssl', ['pkey', ...options], { stdio: 'pipe' });
    expect(
      problemsOf({
        ...LEAST,
        ALFRESCO_CLIENT_CERT_FILE: files.cert,
        ALFRESCO_CLIENT_KEY_FILE: path,
      }),
    ).toEqual([expect.stringMatching(/without a passphrase$/)]);
  });

  it('need https', () => {
    expect(
      problemsOf({
        ...LEAST,
        ALFRESCO_URL: 'http://acs.example.com/alfresco',
        ALFRESCO_CLIENT_CERT_FILE: files.cert,
        ALFRESCO_CLIENT_KEY_FILE: files.key,
      }),
    ).toEqual(['ALFRESCO_CLIENT_CERT_FILE: needs an https ALFRESCO_URL']);
  });

  const onBehalf = () => ({
    ...WITHOUT_ACCOUNT,
    ALFRESCO_ON_BEHALF_OF: 'remote-user',
    ALFRESCO_CLIENT_CERT_FILE: files.cert,
    ALFRESCO_CLIENT_KEY_FILE: files.key,
  });

  describe('with ALFRESCO_ON_BEHALF_OF=remote-user', () => {
    it('need no account', () => {
      expect(alfrescoOf(onBehalf())).toMatchObject({
        onBehalfOf: 'remote-user',
        username: '',
        password: '',
        tls: { client: identity },
      });
    });

    it('are required', () => {
      expect(problemsOf({ ...WITHOUT_ACCOUNT, ALFRESCO_ON_BEHALF_OF: 'remote-user' })).toEqual([
        expect.stringMatching(/^ALFRESCO_CLIENT_CERT_FILE: is required for ALFRESCO_ON_BEHALF_OF/),
        expect.stringMatching(/^ALFRESCO_CLIENT_KEY_FILE: is required for ALFRESCO_ON_BEHALF_OF/),
      ]);
    });

    it.each([
      [
        'an ALFRESCO_URL without TLS',
        { ALFRESCO_URL: 'http://acs.example.com' },
        /^ALFRESCO_ON_BEHALF_OF="remote-user": .*https/,
      ],
      [
        'ALFRESCO_AUTH=basic',
        { ALFRESCO_AUTH: 'basic' },
        /^ALFRESCO_AUTH="basic": must not be set with/,
      ],
      ['AUTH=none', { AUTH: 'none', USERS: '' }, /^AUTH="none": must not be set with/],
    ])('exclude %s', (_what, variables, problem) => {
      expect(problemsOf({ ...onBehalf(), ...variables })).toEqual([expect.stringMatching(problem)]);
    });
  });
});
