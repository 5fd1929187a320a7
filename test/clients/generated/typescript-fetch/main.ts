import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { Configuration, DownloadsApi, type DownloadEntry, NodesApi, ResponseError } from './client';

const { SERVICE, USER_NAME, PASSWORD, FOLDER, LARGE, ZIP } = process.env as Record<string, string>;

void main();

async function main(): Promise<void> {
  const configuration = new Configuration({
    basePath: `${SERVICE}/alfresco/api/-default-/public/alfresco/versions/1`,
    username: USER_NAME,
    password: PASSWORD,
  });
  const downloads = new DownloadsApi(configuration);
  const nodes = new NodesApi(configuration);
  const create = (nodeIds: string[]): Promise<DownloadEntry> =>
    downloads.createDownload({ downloadBodyCreate: { nodeIds } });
  const ended = async (id: string) => {
    for (;;) {
      const { entry } = await downloads.getDownload({ id });
      if (entry.status !== 'PENDING' && entry.status !== 'IN_PROGRESS') return entry.status!;
      await setTimeout(100);
    }
  };

  const id = (await create([FOLDER])).entry.id!;
  const status = await ended(id);
  const { entry: node } = await nodes.getNode({ id });
  const content: Blob = await nodes.getNodeContent({ id });
  await writeFile(ZIP, Buffer.from(await content.arrayBuffer()));
  const large = (await create([LARGE])).entry.id!;
  await downloads.cancelDownload({ id: large });
  const cancelled = await ended(large);
  await nodes.deleteNode({ id });
  const missing = await errorOf(downloads.getDownload({ id }));
  const refused = await errorOf(create(['no/id']));
  console.log(JSON.stringify({ id, status, name: node.name, cancelled, missing, refused }));
}

async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return (await error.response.json()).error.briefSummary;
  }
  throw new Error('the call succeeded');
}
