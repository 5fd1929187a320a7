import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { it } from '../harness/fixtures.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';

/** Packages that are not bundled, see `scripts/bundle.ts`, and their dependencies. */
const BESIDE = [
  'bcrypt',
  'node-gyp-build',
  'passport-http',
  'passport-strategy',
  'swagger-ui-dist',
];

/** A folder with only the bundle and those packages. */
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  for (const file of ['main.js', 'bundle']) {
    await cp(join(BUILT_SERVICE, file), join(directory, 'dist', file), { recursive: true });
  }
  for (const file of ['package.json', ...BESIDE.map((name) => `node_modules/${name}`)]) {
    await cp(file, join(directory, file), { recursive: true });
  }
});
afterAll(() => rm(directory, { recursive: true }));

describe('the bundle', () => {
  it.for([
    ['in one process', '1'],
    ['with two workers', '2'],
  ] as const)(
    'is all that the service needs, %s',
    { timeout: 60_000 },
    async ([, workers], { runningSandbox }) => {
      const service = await start(runningSandbox.url, { WORKERS: workers });
      try {
        const api = DownloadsApi.ofBff(service.url!);
        const id = await api.createFinished([SAMPLE_NODES.projectsFolder]);
        expect((await api.content(id)).subarray(0, 2).toString()).toBe('PK');
        const refused = await api.create([]);
        expect(refused.status).toBe(400);
        expect(await refused.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
        const docs = await fetch(`${service.url}/docs/swagger-ui-bundle.js`);
        expect(docs.status).toBe(200);
        await docs.arrayBuffer();
        expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
      } finally {
        expect(await service.stop()).toBe(0);
        expect(service.text).not.toMatch(/Warning/);
      }
    },
  );

  it('starts with what the build has compiled, also in another folder', async ({
    runningSandbox,
  }) => {
    // Says on the standard output what becomes of each module.
    const service = await start(runningSandbox.url, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    try {
      expect(service.text).toMatch(
        /code cache for ESM file:.*bundle\/app\.factory\.js was accepted/,
      );
      expect(service.text).not.toMatch(/code cache .* was rejected/);
    } finally {
      await service.stop();
    }
  });

  it('starts without what the build has compiled, and where it cannot keep it', async ({
    runningSandbox,
  }) => {
    const cache = join(directory, 'dist/bundle/compile-cache');
    await rename(cache, `${cache}-before`);
    // Even root cannot create the folder in its place.
    await writeFile(cache, '');
    try {
      const service = await start(runningSandbox.url);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      expect(await service.stop()).toBe(0);
      expect(service.text).not.toMatch(/cache|Warning/);
    } finally {
      await rm(cache);
      await rename(`${cache}-before`, cache);
    }
  });
});

/** Starts the bundle where it has been copied to. */
function start(alfrescoUrl: string, more: Record<string, string> = {}): Promise<ServiceProcess> {
  const STORE_URL = `sqlite:${join(directory, 'downloads.db')}`;
  const command = [process.execPath, join(directory, 'dist/main.js')];
  return ServiceProcess.start(alfrescoUrl, { STORE_URL, ...more }, command);
}
