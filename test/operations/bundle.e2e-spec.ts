import { cp, mkdtemp, rm } from 'node:fs/promises';
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
      const STORE_URL = `sqlite:${join(directory, 'downloads.db')}`;
      const command = [process.execPath, join(directory, 'dist/main.js')];
      const service = await ServiceProcess.start(
        runningSandbox.url,
        { WORKERS: workers, STORE_URL },
        command,
      );
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
});
