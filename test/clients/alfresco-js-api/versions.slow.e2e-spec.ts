import type * as JsApi from '@alfresco/js-api';
import { cp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import { until } from '../../harness/polling.js';
import { requirePrograms } from '../../harness/programs.js';
import { type WholeJob, expectDone, it as withService, run } from '../../harness/whole-job.js';

const VERSIONS = ['js-api-5', 'js-api-7', '@alfresco/js-api'] as const;

/** Tests with `load`, which loads a version of the library. */
const it = withService.extend('load', { scope: 'file' }, async ({ directory }) => {
  await cp(join(import.meta.dirname, 'older-versions'), directory, { recursive: true });
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['ci', ...options], { cwd: directory });
  const older = createRequire(join(directory, 'package.json'));
  return async (name: (typeof VERSIONS)[number]): Promise<typeof JsApi> =>
    name === '@alfresco/js-api' ? import(name) : (older(name) as typeof JsApi);
});

/** The message of a rejected call, from the body that the library has as its error text. */
async function errorOf(call: Promise<unknown>): Promise<string> {
  const { message } = await call.then(
    () => expect.unreachable('it succeeds'),
    (error: unknown) => error as Error,
  );
  return (JSON.parse(message) as { error: { briefSummary: string } }).error.briefSummary;
}

describe('each version of @alfresco/js-api in use', { timeout: 60_000 }, () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'unzip'));

  it.for(VERSIONS)(
    'does the whole job: %s',
    async (name, { bff, user, load, directory, sandbox }) => {
      const { AlfrescoApi, ContentApi, DownloadsApi, NodesApi } = await load(name);
      const client = new AlfrescoApi({ hostEcm: new URL(bff.url).origin, provider: 'ECM' });
      // The library also emits the errors with which it rejects.
      client.on('error', () => {});
      await client.login(user.name, user.password);
      const downloads = new DownloadsApi(client);
      const nodes = new NodesApi(client);
      const ended = async (id: string) => {
        const { entry } = await until(
          () => downloads.getDownload(id),
          (now) => !['PENDING', 'IN_PROGRESS'].includes(now.entry.status!),
        );
        return entry.status!;
      };

      const made = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.nestedFolder] });
      const id = made.entry.id!;
      const status = await ended(id);
      const { entry: node } = await nodes.getNode(id);
      const zip = join(directory, `${name.replaceAll('/', '-')}.zip`);
      const saved = await fetch(new ContentApi(client).getContentUrl(id, true));
      await writeFile(zip, await saved.bytes());
      const large = await downloads.createDownload({ nodeIds: [SAMPLE_NODES.largeFile] });
      await downloads.cancelDownload(large.entry.id!);
      const cancelled = await ended(large.entry.id!);
      await nodes.deleteNode(id, { permanent: true });

      const job: WholeJob = {
        id,
        status,
        name: node.name,
        cancelled,
        missing: await errorOf(downloads.getDownload(id)),
        refused: await errorOf(downloads.createDownload({ nodeIds: ['no/id'] })),
      };
      await expectDone(job, zip, sandbox);
    },
  );
});
