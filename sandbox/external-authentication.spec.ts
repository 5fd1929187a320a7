import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type { ExternalAuthentication } from './auth/external-mapper.ts';
import type { SandboxOptions } from './options.ts';
import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { CertificateAuthority, isOpensslMissing, type Identity } from './testing/certificates.ts';
import { basic, CORE } from './testing/test-client.ts';

const PROXY = 'CN=downloads,OU=Web,O=Example';
const as = (name: string) => ({ 'x-alfresco-remote-user': name });
const base64 = (value: string): string => Buffer.from(value).toString('base64');

describe.skipIf(isOpensslMissing())('external authentication', () => {
  let authority: CertificateAuthority;
  let server: Identity;
  let proxy: Identity;
  let other: Identity;
  let sandbox: Sandbox;

  beforeAll(() => {
    authority = new CertificateAuthority();
    server = authority.issue('/CN=alfresco');
    proxy = authority.issue('/O=Example/OU=Web/CN=downloads');
    other = authority.issue('/O=Example/OU=Web/CN=other');
  });
  afterAll(() => authority.close());
  afterEach(() => sandbox.close());

  const start = async (
    external: ExternalAuthentication | undefined,
    more: SandboxOptions = {},
  ): Promise<void> => {
    sandbox = await startSandbox({ external, tls: { ...server, ca: authority.cert }, ...more });
  };

  /** The status of a GET and the user that Alfresco recorded for it. */
  const get = async (
    headers: Record<string, string>,
    identity?: Identity,
  ): Promise<{ status: number; user: string | undefined; body: string }> => {
    sandbox.clearRequests();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const url = `${sandbox.url}${CORE}/nodes/${ID.textFile}`;
      request(url, { headers, ca: authority.cert, agent: false, ...identity }, resolve)
        .once('error', reject)
        .end();
    });
    const body = await text(response);
    return { status: response.statusCode ?? 0, user: sandbox.requests[0]?.user, body };
  };

  it('is off unless asked for', async () => {
    await start(undefined);
    expect(sandbox.url).toMatch(/^https:/);
    expect((await get(as('alice'), proxy)).status).toBe(401);
    expect(await get({ ...as('bob'), authorization: basic('alice') })).toMatchObject({
      status: 200,
      user: 'alice',
    });
  });

  it('trusts the header from the one client certificate that it names', async () => {
    await start({ proxyUserName: PROXY });
    expect(await get(as('alice'), proxy)).toMatchObject({ status: 200, user: 'alice' });
    expect((await get(as('alice'), other)).status).toBe(401);
    expect((await get(as('alice'))).status).toBe(401);
  });

  it('falls back to the other methods when the header is not trusted', async () => {
    await start({ proxyUserName: PROXY });
    const headers = { ...as('bob'), authorization: basic('alice') };
    expect((await get(headers)).user).toBe('alice');
    expect((await get(headers, other)).user).toBe('alice');
    expect((await get(headers, proxy)).user).toBe('bob');
  });

  it('uses the certificate as the user when there is no header', async () => {
    await start({ proxyUserName: PROXY });
    expect(await get({}, proxy)).toMatchObject({ status: 200, user: PROXY });
    expect((await get(as('  '), proxy)).user).toBe(PROXY);
    expect((await get({}, other)).status).toBe(401);
  });

  it('trusts everyone when no proxy is named, even without TLS', async () => {
    await start({ proxyUserName: '' });
    expect(await get(as('alice'))).toMatchObject({ status: 200, user: 'alice' });
    expect((await get({}, proxy)).status).toBe(401);
    await sandbox.close();
    sandbox = await startSandbox({ external: { proxyUserName: '' } });
    const response = await fetch(`${sandbox.url}${CORE}/nodes/${ID.textFile}`, {
      headers: as('alice'),
    });
    expect(response.status).toBe(200);
  });

  it('trusts no one by default, since no certificate is alfresco-system', async () => {
    await start({});
    expect((await get(as('alice'), proxy)).status).toBe(401);
  });

  it.each([
    ['plain', { 'x-alfresco-remote-user': 'alice' }, 'alice'],
    ['in another case', { 'x-alfresco-remote-user': 'ALICE' }, 'alice'],
    ['with blanks around', { 'x-alfresco-remote-user': '\t alice ' }, 'alice'],
    [
      'in Base64',
      { 'x-alfresco-remote-user': base64('zoë 日本'), 'remote-user-encode': 'true' },
      'zoë 日本',
    ],
    [
      'in Base64, trimmed afterwards',
      { 'x-alfresco-remote-user': base64(' \nalice\0'), 'remote-user-encode': 'TRUE' },
      'alice',
    ],
    [
      'UTF-8 that came as Latin-1',
      { 'x-alfresco-remote-user': Buffer.from('zoë').toString('latin1') },
      'zoë',
    ],
    ['Base64 without the announcement', { 'x-alfresco-remote-user': base64('zoë') }, base64('zoë')],
  ])('reads a name %s', async (_what, headers, user) => {
    await start({ proxyUserName: PROXY });
    expect(await get(headers, proxy)).toMatchObject({ status: 200, user });
  });

  it('can be given another header and a pattern for the name in it', async () => {
    const userIdPattern = /([^@]+)@example\.com/;
    await start({ proxyUserName: PROXY, proxyHeader: 'X-SSO-User', userIdPattern });
    expect((await get({ 'x-sso-user': 'alice@example.com' }, proxy)).user).toBe('alice');
    expect((await get({ 'x-sso-user': 'alice@example.com.evil' }, proxy)).user).toBe(PROXY);
    expect((await get(as('alice'), proxy)).user).toBe(PROXY);
  });

  it('creates missing users, or refuses them', async () => {
    await start({ proxyUserName: PROXY });
    expect(await get(as('Newcomer'), proxy)).toMatchObject({ status: 200, user: 'Newcomer' });
    expect((await get(as('newcomer'), proxy)).user).toBe('Newcomer');
    await sandbox.close();
    await start({ proxyUserName: PROXY }, { createMissingPeople: false });
    expect((await get(as('newcomer'), proxy)).status).toBe(401);
    expect((await get(as('alice'), proxy)).status).toBe(200);
  });

  it('rejects a client certificate that it does not trust', async () => {
    await start({ proxyUserName: PROXY });
    const foreign = new CertificateAuthority('Foreign CA');
    const forged = foreign.issue('/O=Example/OU=Web/CN=downloads');
    await expect(get(as('alice'), forged)).rejects.toThrow();
    foreign.close();
  });
});

describe.skipIf(isOpensslMissing())('faults over TLS', () => {
  it('cut the connection', async () => {
    const authority = new CertificateAuthority();
    const sandbox = await startSandbox({ tls: authority.issue('/CN=alfresco') });
    for (const fault of [{ kind: 'reset' }, { kind: 'reset-after-headers' }] as const) {
      sandbox.fail(fault);
      const outcome = new Promise((resolve, reject) => {
        request(`${sandbox.url}${CORE}/probes/-live-`, { ca: authority.cert }, (response) => {
          text(response).then(resolve, reject);
        })
          .once('error', reject)
          .end();
      });
      await expect(outcome).rejects.toThrow();
    }
    await sandbox.close();
    authority.close();
  });
});
