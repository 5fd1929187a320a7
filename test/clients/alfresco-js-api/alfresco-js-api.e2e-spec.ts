import {
  AlfrescoApi,
  AuthenticationApi,
  ContentApi,
  type DownloadEntry,
  DownloadsApi,
  NodesApi,
} from '@alfresco/js-api';
import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import type { Bff } from '../../harness/bff.js';
import { configured } from '../../harness/fixtures.js';
import { IdentityProvider } from '../../harness/identity-provider.js';
import { until } from '../../harness/polling.js';
import { readZip } from '../../harness/zip.js';

const API_PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

/** Usual code of the library's users, with the URL of the service instead of Alfresco's. */
function connect({ url }: Bff): AlfrescoApi {
  const client = new AlfrescoApi({ hostEcm: url, provider: 'ECM' });
  // The library also emits the errors with which it rejects.
  client.on('error', () => {});
  return client;
}

/** Tests with `client`, the library after `user` has logged in, and its APIs. */
const it = configured({ variables: { API_PREFIX }, sandbox: { largeFileBytes: 60_000_000 } })
  .extend('client', async ({ bff, user }) => {
    const client = connect(bff);
    await client.login(user.name, user.password);
    return client;
  })
  .extend('downloads', ({ client }) => new DownloadsApi(client))
  .extend('nodes', ({ client }) => new NodesApi(client))
  .extend('content', ({ client }) => new ContentApi(client));

const provider = await IdentityProvider.start();
afterAll(() => provider.close());

const tokenTest = configured({
  variables: provider.environment({ API_PREFIX }),
  pacing: { auth: { providerTimeoutMs: 10_000 } },
});

/** Waits for the end of a download; returns its id. */
async function finished(downloads: DownloadsApi, { entry }: DownloadEntry): Promise<string> {
  const id = entry.id!;
  await until(
    () => downloads.getDownload(id),
    (now) => ['DONE', 'CANCELLED'].includes(now.entry.status!),
  );
  return id;
}

/** Errors of the library: the status, and the body as text. */
interface Failure {
  readonly status: number;
  readonly message: string;
}

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  return call.then(
    () => expect.unreachable('it succeeds'),
    (failure: unknown) => failure as Failure,
  );
}

function errorOf({ message }: Failure): Record<string, unknown> {
  return (JSON.parse(message) as { error: Record<string, unknown> }).error;
}

describe('@alfresco/js-api, unmodified', () => {
  it('logs in, makes a ZIP, saves it from its URL, and removes it', async ({
    client,
    downloads,
    nodes,
    content,
    sandbox,
  }) => {
    expect(client.isLoggedIn()).toBe(true);
    const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.nestedFolder] });
    expect(made.entry.status).toMatch(/^(?:PENDING|IN_PROGRESS|DONE)$/);
    const id = await finished(downloads, made);
    const { entry } = await downloads.getDownload(id);
    expect(entry).toEqual({
      id,
      status: 'DONE',
      filesAdded: 2,
      totalFiles: 2,
      bytesAdded: 26,
      totalBytes: 26,
    });

    const url = content.getContentUrl(id, true);
    const saved = await fetch(url);
    expect(saved.status).toBe(200);
    expect(saved.headers.get('content-disposition')).toContain('folder1.zip');
    const names = (await readZip(Buffer.from(await saved.arrayBuffer()))).map(({ name }) => name);
    expect(names).toContain('folder1/subFolder1/docTest4.txt');

    await nodes.deleteNode(id, { permanent: true });
    expect(sandbox.downloadIds()).not.toContain(id);
    expect((await failureOf(downloads.getDownload(id))).status).toBe(404);
  });

  it('gets the requested fields', async ({ downloads }) => {
    const { entry } = await downloads.createDownload(
      { nodeIds: [SAMPLE_NODES.textFile] },
      { fields: ['id', 'status'] },
    );
    expect(Object.keys(entry).toSorted()).toEqual(['id', 'status']);
  });

  it('gets the node before it polls, as ADF does', async ({ downloads, nodes, user }) => {
    const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.nestedFolder] });
    const early = await nodes.getNode(made.entry.id!);
    expect(early.entry.name).toBe('folder1.zip');
    expect(early.entry.createdByUser.id).toBe(user.name);
    const { entry } = await nodes.getNode(await finished(downloads, made), {
      include: ['path', 'properties'],
    });
    expect(entry).toMatchObject({
      nodeType: 'download:download',
      isFile: true,
      content: { mimeType: 'application/zip', sizeInBytes: expect.any(Number) as number },
    });
    // The library converts them to dates.
    expect(entry.modifiedAt.getTime()).toBeGreaterThanOrEqual(entry.createdAt.getTime());
  });

  it('cancels', async ({ downloads, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.largeFile] });
    await downloads.cancelDownload(made.entry.id!);
    sandbox.bytesPerSecond = undefined;
    const id = await finished(downloads, made);
    expect((await downloads.getDownload(id)).entry.status).toBe('CANCELLED');
  });

  it('finds the error where Alfresco puts it', async ({ downloads }) => {
    const failure = await failureOf(downloads.createDownload({ nodeIds: ['no/id'] }));
    expect(failure.status).toBe(400);
    expect(errorOf(failure)).toMatchObject({ statusCode: 400, errorKey: 'VALIDATION_FAILED' });
    const missing = await failureOf(downloads.getDownload('unknown'));
    expect(errorOf(missing)).toMatchObject({
      statusCode: 404,
      briefSummary: expect.stringContaining('No download has this id'),
    });
  });

  tokenTest('also saves from a URL with OAuth, by the ticket for its token', async ({ bff }) => {
    const client = new AlfrescoApi({
      hostEcm: bff.url,
      provider: 'ECM',
      authType: 'OAUTH',
      oauth2: {
        host: provider.issuer,
        clientId: 'page',
        scope: 'openid',
        implicitFlow: false,
        redirectUri: '/',
      },
    });
    const hasTicket = new Promise((resolve) => {
      client.oauth2Auth.once('ticket_exchanged', resolve);
    });
    // As after logging in at the provider.
    client.oauth2Auth.setToken(await provider.token(), '');
    await hasTicket;
    const downloads = new DownloadsApi(client);
    const id = await finished(
      downloads,
      await downloads.createDownload({ nodeIds: [SAMPLE_NODES.textFile] }),
    );
    const url = new ContentApi(client).getContentUrl(id, true);
    expect(url).toMatch(/[?&]alf_ticket=TICKET_/);
    expect((await fetch(url)).status).toBe(200);
  });

  it('logs in with a ticket from elsewhere', async ({ bff, client, downloads }) => {
    const other = connect(bff);
    await other.loginTicket(client.getTicketEcm(), '');
    const made = await new DownloadsApi(other).createDownload({ nodeIds: [SAMPLE_NODES.textFile] });
    expect((await downloads.getDownload(made.entry.id!)).entry.id).toBe(made.entry.id);
  });

  it('gets 403 for a wrong password', async ({ bff, user }) => {
    const stranger = connect(bff);
    // The first step of login(), which on failure also leaves an unhandled rejection, and that ends a Node.js process.
    const login = { userId: user.name, password: 'wrong' };
    const failure = await failureOf(new AuthenticationApi(stranger).createTicket(login));
    expect(failure.status).toBe(403);
    expect(errorOf(failure)).toMatchObject({ statusCode: 403, briefSummary: 'Login failed' });
    expect(stranger.isLoggedIn()).toBe(false);
  });

  it('cannot use a ticket, or URLs that contain it, after logging out', async ({
    bff,
    client,
    downloads,
    content,
  }) => {
    const id = await finished(
      downloads,
      await downloads.createDownload({ nodeIds: [SAMPLE_NODES.textFile] }),
    );
    const [url, ticket] = [content.getContentUrl(id), client.getTicketEcm()];
    expect((await fetch(url)).status).toBe(200);
    expect((await new AuthenticationApi(client).getTicket()).entry.id).toBe(ticket);
    await client.logout();
    expect(client.isLoggedIn()).toBe(false);
    expect((await fetch(url)).status).toBe(401);
    const other = connect(bff);
    expect((await failureOf(other.loginTicket(ticket, ''))).status).toBe(401);
  });
});
