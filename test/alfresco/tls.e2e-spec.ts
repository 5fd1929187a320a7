import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { CertificateAuthority, isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { leaksIn } from '../harness/leaks.js';
import { MutualTls } from '../harness/mutual-tls.js';
import { until } from '../harness/polling.js';
import { freePort } from '../harness/redis-server.js';

describe.skipIf(isOpensslMissing())('Alfresco behind https', () => {
  let tls: MutualTls;
  let sandbox: Sandbox;
  let bff: Bff | undefined;
  let log = '';

  beforeAll(async () => {
    tls = new MutualTls();
    sandbox = await startSandbox({ tls: tls.ofSandbox, estimateDelayMs: 1 });
  });
  afterEach(async () => {
    await bff?.close();
    bff = undefined;
    vi.unstubAllEnvs();
  });
  afterAll(async () => {
    await sandbox.close();
    expect(log).toContain('"level":"warn"');
    expect(leaksIn(log)).toEqual([]);
    expect(log).not.toMatch(/BEGIN|127\.0\.0\.1:\d+ \w*Error/);
    tls.close();
  });

  const start = async (variables: Record<string, string>, url = sandbox.url): Promise<Bff> =>
    (bff = await startBff(url, variables, { onLine: (line) => (log += line) }));

  /** The response of the service, and its log lines. */
  const outcome = async () => {
    const { length } = log;
    const response = await DownloadsApi.ofBff(bff!.url).create([SAMPLE_NODES.textFile]);
    const { code } = (await response.json()) as { code?: string };
    // The line of a request is written after its response.
    const logged = await until(
      () => log.slice(length),
      (text) => response.ok || text.includes('"code":'),
    );
    return { status: response.status, code, log: logged };
  };

  it('is reached with the CA that signed its certificate', async () => {
    await start({ ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca) });
    expect(await outcome()).toMatchObject({ status: 202 });
    expect((await fetch(`${bff!.url}/health/ready`)).status).toBe(200);
  });

  it('is reached when the file holds several CAs', async () => {
    const other = new CertificateAuthority('Other CA');
    await start({ ALFRESCO_CA_FILE: tls.file('cas.pem', `# both\n${other.cert}\n${tls.ca}`) });
    other.close();
    expect(await outcome()).toMatchObject({ status: 202 });
  });

  it('receives the configured client certificate', async () => {
    await start(tls.variables());
    expect(await outcome()).toMatchObject({ status: 202 });
  });

  it('is not reached when its certificate is not trusted', async () => {
    const other = new CertificateAuthority('Other CA');
    const wrong: Record<string, string>[] = [
      {},
      { ALFRESCO_CA_FILE: tls.file('other.pem', other.cert) },
    ];
    for (const variables of wrong) {
      const { url } = await start(variables);
      const refused = await outcome();
      expect(refused).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
      expect(refused.log).toMatch(/"code":"ALFRESCO_UNREACHABLE","diagnosis":"[A-Z_]+"/);
      expect((await fetch(`${url}/health/ready`)).status).toBe(503);
      await bff!.close();
    }
    bff = undefined;
    other.close();
  });

  it('is not reached without a trusted certificate even when NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    await start({});
    expect(await outcome()).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
  });

  it('is not reached when its certificate is for another host, whose name is not logged', async () => {
    const server = tls.issue('/CN=elsewhere', 'DNS:elsewhere.example');
    const elsewhere = await startSandbox({ tls: server });
    await start({ ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca) }, elsewhere.url);
    const refused = await outcome();
    expect(refused).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
    expect(refused.log).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(refused.log).not.toContain('elsewhere');
    await elsewhere.close();
  });

  it('is not reached with a client certificate that it does not trust', async () => {
    const other = new CertificateAuthority('Other CA');
    await start(tls.variables(other.issue('/O=Example/CN=downloads-bff')));
    other.close();
    expect(await outcome()).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
  });

  it.each(['1_2', '1_3'])(
    'logs the alert with which a client certificate is refused over TLS %s',
    async (version) => {
      const port = await freePort();
      const { key, cert } = tls.ofSandbox;
      // Node's own server ends the connection without an alert.
      const options = [
        '-accept',
        `127.0.0.1:${port}`,
        `-tls${version}`,
        '-key',
        tls.file('server.key', key),
        '-cert',
        tls.file('server.pem', cert),
        '-CAfile',
        tls.file('ca.pem', tls.ca),
        '-Verify',
        '1',
        '-verify_return_error',
      ];
      const server = spawn('openssl', ['s_server', ...options], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      // It says ACCEPT once it listens.
      await once(server.stdout, 'data');
      const other = new CertificateAuthority('Other CA');
      const identity = other.issue('/O=Example/CN=downloads-bff');
      other.close();
      await start(tls.variables(identity), `https://127.0.0.1:${port}/alfresco`);
      const refused = await outcome();
      expect(refused).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
      expect(refused.log).toMatch(/"diagnosis":"ERR_SSL_\w*ALERT_UNKNOWN_CA"/);
      server.kill();
      await once(server, 'exit');
    },
  );

  it('is not reached with http at its https port, or with https at an http port', async () => {
    await start({}, sandbox.url.replace('https:', 'http:'));
    expect((await outcome()).status).toBe(502);
    await bff!.close();
    const plain = await startSandbox();
    await start({}, plain.url.replace('http:', 'https:'));
    expect(await outcome()).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
    await plain.close();
  });

  it('sends whole ZIPs', async () => {
    const { app } = await start(tls.variables());
    const api = DownloadsApi.ofBff(bff!.url);
    const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
    const node = await app.get(AlfrescoClient).getDownloadNode(id);
    expect(await api.content(id)).toHaveLength(node.size!);
  });
});
