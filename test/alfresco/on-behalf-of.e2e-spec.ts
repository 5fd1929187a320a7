import bcrypt from 'bcrypt';
import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, SERVICE_ACCOUNT, basic, startBff } from '../harness/bff.js';
import { MutualTls, PROXY_USER } from '../harness/mutual-tls.js';
import { until } from '../harness/polling.js';
import { Scrape } from '../harness/scrape.js';
import { readZip } from '../harness/zip.js';

/** As the service knows someone of this name. */
const callerNamed = (name: string) => ({ id: `basic:${name}`, name });

const HOLDER = { key: 'alice', isLinked: false };

const { forbiddenFile, forbiddenInsideFolder, textFile } = SAMPLE_NODES;

/** `USERS` for callers of these names, and their credentials. */
const usersNamed = (...names: readonly string[]) =>
  names.map((name) => `${name}:${bcrypt.hashSync('s3cret-bff-Pa55', 4)}`).join(',');
const as = (name: string) => ({ authorization: basic({ name, password: 's3cret-bff-Pa55' }) });

const deliver = (api: DownloadsApi) =>
  api.request('POST', '/downloads/content', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nodeIds: [textFile] }),
  });

describe.skipIf(isOpensslMissing())('ALFRESCO_ON_BEHALF_OF=remote-user', () => {
  let tls: MutualTls;
  let sandbox: Sandbox;
  let bff: Bff;
  let client: AlfrescoClient;

  const start = (
    url: string,
    identity = tls.client,
    more: Record<string, string> = {},
  ): Promise<Bff> =>
    startBff(url, {
      ALFRESCO_USERNAME: '',
      ALFRESCO_PASSWORD: '',
      ALFRESCO_ON_BEHALF_OF: 'remote-user',
      ...tls.variables(identity),
      ...more,
    });

  beforeAll(async () => {
    tls = new MutualTls();
    sandbox = await startSandbox({
      tls: tls.ofSandbox,
      external: { proxyUserName: PROXY_USER },
      estimateDelayMs: 1,
    });
    bff = await start(sandbox.url);
    client = bff.app.get(AlfrescoClient);
  });
  afterAll(async () => {
    await bff.close();
    await sandbox.close();
    tls.close();
  });
  beforeEach(() => sandbox.clearRequests());

  const finished = (id: string, name: string) =>
    until(
      () => client.getDownloadNode(id, callerNamed(name)),
      ({ status }) => status === 'DONE',
    );

  /** Names of the files in the ZIP of this node for a user. */
  async function zipOf(nodeId: string, name: string): Promise<string[]> {
    const { id } = await client.createDownload([nodeId], callerNamed(name));
    const node = await finished(id, name);
    const range = { start: 0, end: node.size! - 1 };
    const content = await client.openContent(
      node,
      range,
      HOLDER,
      new AbortController().signal,
      callerNamed(name),
    );
    const entries = await readZip(Buffer.concat(await content.toArray()));
    return entries.map((entry) => entry.name.replace(/^.*\/(?=.)/, ''));
  }

  it('puts only what the caller may read into a ZIP', async () => {
    const ofAlice = await zipOf(forbiddenInsideFolder, 'alice');
    const ofBob = await zipOf(forbiddenInsideFolder, 'bob');
    expect(ofAlice).toContain('for-everyone.txt');
    expect(ofAlice).not.toContain('for-bob.txt');
    expect(ofBob).toContain('for-everyone.txt');
    expect(ofBob).toContain('for-bob.txt');
  });

  it('lets Alfresco reject a node that the caller may not read', async () => {
    await expect(
      client.createDownload([forbiddenFile], callerNamed('alice')),
    ).rejects.toMatchObject({
      code: 'NODE_FORBIDDEN',
    });
    expect(await zipOf(forbiddenFile, 'bob')).toEqual(['bob-private.txt']);
  });

  it('lets Alfresco reject the download of another caller', async () => {
    const { id } = await client.createDownload([textFile], callerNamed('alice'));
    const node = await finished(id, 'alice');
    const forbidden = expect.objectContaining({ code: 'FORBIDDEN' });
    await expect(client.getDownload(id, callerNamed('bob'))).rejects.toEqual(forbidden);
    await expect(client.cancelDownload(id, callerNamed('bob'))).rejects.toEqual(forbidden);
    await expect(client.getDownloadNode(id, callerNamed('bob'))).rejects.toEqual(forbidden);
    await expect(client.deleteNode(id, callerNamed('bob'))).rejects.toEqual(forbidden);
    const whole = { start: 0, end: node.size! - 1 };
    await expect(
      client.openContent(node, whole, HOLDER, new AbortController().signal, callerNamed('bob')),
    ).rejects.toEqual(forbidden);
    await client.deleteNode(id, callerNamed('alice'));
    expect(sandbox.downloadIds()).not.toContain(id);
  });

  it('keeps callers apart who use the same connections at the same time', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `user ${index % 7} ü`);
    const downloads = await Promise.all(
      names.map((it) => client.createDownload([textFile], callerNamed(it))),
    );
    const created = sandbox.requests.map(({ user }) => String(user));
    expect(created.toSorted()).toEqual(names.toSorted());
    await Promise.all(
      downloads.map(({ id }, index) => client.getDownload(id, callerNamed(names[index]!))),
    );
  });

  it('sends the name of the caller in one header only, and no credentials', async () => {
    await client.createDownload([textFile], callerNamed('zoë'));
    const [{ headers, user, rawHeaders } = {} as never] = sandbox.requests;
    expect(user).toBe('zoë');
    expect(headers['remote-user-encode']).toBe('true');
    expect(headers.authorization).toBeUndefined();
    expect(rawHeaders.filter((name) => /^x-alfresco-/i.test(name))).toHaveLength(1);
  });

  it('names no caller in the readiness probe', async () => {
    expect((await fetch(`${bff.url}/health/ready`)).status).toBe(200);
    expect(sandbox.requests[0]!.headers).not.toHaveProperty('x-alfresco-remote-user');
  });

  it('sends Alfresco nothing when the name of the caller is missing or cannot be sent in a header', async () => {
    await expect(client.createDownload([textFile])).rejects.toThrow(TypeError);
    for (const name of ['', ' admin', 'admin\n', 'System', 'guest', 'GUEST', 'x'.repeat(256)]) {
      await expect(client.createDownload([textFile], callerNamed(name))).rejects.toMatchObject({
        code: 'CALLER_NOT_ACCEPTED',
      });
    }
    expect(sandbox.requests).toEqual([]);
  });

  it('responds with 403 to a caller named like the guest, on every route, and does not blame the certificate', async () => {
    const names = ['guest', 'GUEST'];
    const service = await start(sandbox.url, tls.client, { USERS: usersNamed(...names) });
    onTestFinished(() => service.close());
    for (const name of names) {
      const api = new DownloadsApi(service.url, as(name));
      const refused = [await api.create([textFile]), await deliver(api)];
      for (const response of refused) {
        expect(await response.json()).toMatchObject({
          status: 403,
          code: 'CALLER_NOT_ACCEPTED',
          detail: 'The name of the caller cannot be passed on to Alfresco.',
        });
      }
    }
    expect(sandbox.requests).toEqual([]);
    // The metric behind the operator's alert.
    const rejected = { code: 'ALFRESCO_CREDENTIALS_REJECTED' };
    expect((await Scrape.of(service.url)).value('bff_problems_total', rejected) ?? 0).toBe(0);
  });

  it('responds with 403 to a caller unknown to Alfresco, as long as it knows others', async () => {
    const strict = await startSandbox({
      tls: tls.ofSandbox,
      external: { proxyUserName: PROXY_USER },
      createMissingPeople: false,
    });
    onTestFinished(() => strict.close());
    const service = await start(strict.url, tls.client, { USERS: usersNamed('alice', 'stranger') });
    onTestFinished(() => service.close());
    const create = async (name: string) => {
      const api = new DownloadsApi(service.url, as(name));
      const response = await api.create([textFile]);
      const body = (await response.json()) as { code?: string };
      return body.code ?? response.status;
    };
    // The certificate could be the cause as well.
    expect(await create('stranger')).toBe('ALFRESCO_CREDENTIALS_REJECTED');
    expect(await create('alice')).toBe(202);
    expect(await create('stranger')).toBe('CALLER_NOT_ACCEPTED');
    expect(await create('alice')).toBe(202);
  });

  it('applies to every route of the API', async () => {
    const api = DownloadsApi.ofBff(bff.url);
    const id = await api.createFinished([forbiddenInsideFolder]);
    const names = (await readZip(await api.content(id))).map(({ name }) => name);
    expect(names.some((name) => name.endsWith('/for-everyone.txt'))).toBe(true);
    expect(names.some((name) => name.endsWith('/for-bob.txt'))).toBe(false);
    const refused = await api.create([forbiddenFile]);
    expect(await refused.json()).toMatchObject({ status: 403, code: 'NODE_FORBIDDEN' });
    const link = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await link.json()) as { entry: { contentUrl: string } };
    expect((await fetch(entry.contentUrl)).status).toBe(200);
    expect((await api.request('GET', '/downloads')).status).toBe(200);
    expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
    expect((await api.request('DELETE', `/nodes/${id}`)).status).toBe(204);
    const named = sandbox.requests.filter(({ url }) => !url.includes('/probes/'));
    expect(named.every(({ user }) => user === 'alice')).toBe(true);
  });

  it('never forwards the header when a caller sends it', async () => {
    for (const name of ['admin', Buffer.from('admin').toString('base64')]) {
      await fetch(`${bff.url}/downloads`, {
        method: 'POST',
        headers: {
          ...AS_ALICE,
          'content-type': 'application/json',
          'x-alfresco-remote-user': name,
          'remote-user-encode': 'true',
        },
        body: JSON.stringify({ nodeIds: [forbiddenFile] }),
      });
    }
    expect(sandbox.requests).toHaveLength(2);
    expect(sandbox.requests.every(({ user }) => user === 'alice')).toBe(true);
    for (const { headers } of sandbox.requests) {
      expect(headers['x-alfresco-remote-user']).toBe(Buffer.from('alice').toString('base64'));
    }
  });

  it('never forwards it to an Alfresco that would trust it either, where the service uses a service account', async () => {
    const gullible = await startSandbox({ external: { proxyUserName: '' } });
    onTestFinished(() => gullible.close());
    const service = await startBff(gullible.url);
    onTestFinished(() => service.close());
    const response = await fetch(`${service.url}/downloads`, {
      method: 'POST',
      headers: {
        ...AS_ALICE,
        'content-type': 'application/json',
        'x-alfresco-remote-user': 'bob',
      },
      body: JSON.stringify({ nodeIds: [forbiddenFile] }),
    });
    expect(await response.json()).toMatchObject({ status: 403, code: 'NODE_FORBIDDEN' });
    const creations = gullible.requests.filter(({ url }) => url.endsWith('/downloads'));
    expect(creations.map(({ user }) => user)).toEqual([SERVICE_ACCOUNT.id]);
  });

  it('fails when Alfresco does not know the certificate, instead of using another account', async () => {
    const other = await start(sandbox.url, tls.issue('/O=Example/CN=other'));
    onTestFinished(() => other.close());
    await expect(
      other.app.get(AlfrescoClient).createDownload([textFile], callerNamed('alice')),
    ).rejects.toMatchObject({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
  });

  it('fails when Alfresco has no external authentication', async () => {
    const strict = await startSandbox({ tls: tls.ofSandbox });
    onTestFinished(() => strict.close());
    const other = await start(strict.url);
    onTestFinished(() => other.close());
    await expect(
      other.app.get(AlfrescoClient).createDownload([textFile], callerNamed('alice')),
    ).rejects.toMatchObject({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
  });

  it('gives nothing to a service without a client certificate', async () => {
    const plain = await startBff(sandbox.url, {
      ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca),
      ALFRESCO_PASSWORD: 'wrong',
    });
    onTestFinished(() => plain.close());
    await expect(
      plain.app.get(AlfrescoClient).createDownload([forbiddenFile], callerNamed('bob')),
    ).rejects.toMatchObject({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
    expect(sandbox.requests[0]!.headers).not.toHaveProperty('x-alfresco-remote-user');
  });
});
