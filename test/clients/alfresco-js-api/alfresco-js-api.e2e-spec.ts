import {
  AlfrescoApi,
  AuthenticationApi,
  ContentApi,
  type DownloadEntry,
  DownloadsApi,
  NodesApi,
} from '@alfresco/js-api';
import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts';
import { type Bff, CALLERS, startBff } from '../../harness/bff.js';
import { until } from '../../harness/polling.js';
import { readZip } from '../../harness/zip.js';

const API_PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

let sandbox: Sandbox;
let bff: Bff;
let api: AlfrescoApi;
let downloads: DownloadsApi;
let nodes: NodesApi;
let content: ContentApi;

beforeAll(async () => {
  sandbox = await startSandbox({ largeFileBytes: 60_000_000 });
  bff = await startBff(sandbox.url, { API_PREFIX });
});
beforeEach(async () => {
  api = connect();
  await api.login(CALLERS.alice.name, CALLERS.alice.password);
  downloads = new DownloadsApi(api);
  nodes = new NodesApi(api);
  content = new ContentApi(api);
});
afterEach(() => {
  sandbox.bytesPerSecond = undefined;
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

/** What a user of the library writes, with the address of the service in place of Alfresco's. */
function connect(): AlfrescoApi {
  const client = new AlfrescoApi({ hostEcm: bff.url, provider: 'ECM' });
  // It emits the failures that it rejects with, too.
  client.on('error', () => {});
  return client;
}

/** A download when it has come to its end. */
async function finished({ entry }: DownloadEntry): Promise<string> {
  const id = entry.id!;
  await until(
    () => downloads.getDownload(id),
    (it) => ['DONE', 'CANCELLED'].includes(it.entry.status!),
  );
  return id;
}

/** What the library rejects with: the status, and the body as a text. */
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
  it('logs in, makes a ZIP, saves it from its address, and removes it', async () => {
    expect(api.isLoggedIn()).toBe(true);
    const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.nestedFolder] });
    expect(made.entry.status).toMatch(/^(?:PENDING|IN_PROGRESS|DONE)$/);
    const id = await finished(made);
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

  it('gets the members that it asks for', async () => {
    const { entry } = await downloads.createDownload(
      { nodeIds: [SAMPLE_NODES.textFile] },
      { fields: ['id', 'status'] },
    );
    expect(Object.keys(entry).toSorted()).toEqual(['id', 'status']);
  });

  it('looks up the node before it asks how far it is, as ADF does', async () => {
    const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.nestedFolder] });
    const early = await nodes.getNode(made.entry.id!);
    expect(early.entry.name).toBe('folder1.zip');
    expect(early.entry.createdByUser.id).toBe(CALLERS.alice.name);
    const { entry } = await nodes.getNode(await finished(made), {
      include: ['path', 'properties'],
    });
    expect(entry).toMatchObject({
      nodeType: 'download:download',
      isFile: true,
      content: { mimeType: 'application/zip', sizeInBytes: expect.any(Number) as number },
    });
    // The library makes dates of them.
    expect(entry.modifiedAt.getTime()).toBeGreaterThanOrEqual(entry.createdAt.getTime());
  });

  it('cancels', async () => {
    sandbox.bytesPerSecond = 0;
    const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.largeFile] });
    await downloads.cancelDownload(made.entry.id!);
    sandbox.bytesPerSecond = undefined;
    const id = await finished(made);
    expect((await downloads.getDownload(id)).entry.status).toBe('CANCELLED');
  });

  it('finds the error where Alfresco has it', async () => {
    const failure = await failureOf(downloads.createDownload({ nodeIds: ['no/id'] }));
    expect(failure.status).toBe(400);
    expect(errorOf(failure)).toMatchObject({ statusCode: 400, errorKey: 'VALIDATION_FAILED' });
    const missing = await failureOf(downloads.getDownload('unknown'));
    expect(errorOf(missing)).toMatchObject({
      statusCode: 404,
      briefSummary: expect.stringContaining('No download has this id'),
    });
  });

  it('goes on with a ticket from elsewhere', async () => {
    const other = connect();
    await other.loginTicket(api.getTicketEcm(), '');
    const made = await new DownloadsApi(other).createDownload({ nodeIds: [SAMPLE_NODES.textFile] });
    expect((await downloads.getDownload(made.entry.id!)).entry.id).toBe(made.entry.id);
  });

  it('is told by 403 that a password is wrong', async () => {
    const stranger = connect();
    // What login() does; after a failure, that leaves a rejection of its own unhandled, which ends a process of Node.js.
    const login = { userId: CALLERS.alice.name, password: 'wrong' };
    const failure = await failureOf(new AuthenticationApi(stranger).createTicket(login));
    expect(failure.status).toBe(403);
    expect(errorOf(failure)).toMatchObject({ statusCode: 403, briefSummary: 'Login failed' });
    expect(stranger.isLoggedIn()).toBe(false);
  });

  it('has no use for a ticket, or the addresses made with it, once it has logged out', async () => {
    const id = await finished(await downloads.createDownload({ nodeIds: [SAMPLE_NODES.textFile] }));
    const [url, ticket] = [content.getContentUrl(id), api.getTicketEcm()];
    expect((await fetch(url)).status).toBe(200);
    expect((await new AuthenticationApi(api).getTicket()).entry.id).toBe(ticket);
    await api.logout();
    expect(api.isLoggedIn()).toBe(false);
    expect((await fetch(url)).status).toBe(401);
    const other = connect();
    expect((await failureOf(other.loginTicket(ticket, ''))).status).toBe(401);
  });
});
