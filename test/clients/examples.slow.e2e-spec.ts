import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { users, CALLERS } from '../harness/bff.js';
import { it, zipsMade } from '../harness/example-fixtures.js';
import { ExportsService, namesInExport } from '../harness/exports-service.js';
import { LossyRelay } from '../harness/lossy-relay.js';
import { until } from '../harness/polling.js';
import { freePort } from '../harness/redis-server.js';
import { ServiceProcess } from '../harness/service-process.js';
import { requirePrograms } from '../harness/programs.js';

describe('the example for the shell', { timeout: 60_000 }, () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'curl', 'unzip'));

  it('says why there is no ZIP for an invalid node id', async ({ programs }) => {
    const { code, output } = await programs.shell(['not/an/id']);
    expect(output).toContain('VALIDATION_FAILED');
    expect(code).toBe(3);
  });

  it('says that the password is wrong', async ({ programs, user }) => {
    const { code, output } = await programs.shell([SAMPLE_NODES.textFile], `${user.name}:wrong"\\`);
    expect(output).toContain('UNAUTHENTICATED');
    expect(code).toBe(4);
  });
});

describe('the example in TypeScript', { timeout: 60_000 }, () => {
  it.for([
    [SAMPLE_NODES.archivedFile, 'in cold storage'],
    ['not/an/id', 'VALIDATION_FAILED'],
  ] as const)('says why there is no ZIP of %s', async ([id, text], { programs }) => {
    const { code, output } = await programs.typescript([id]);
    expect(output).toContain(text);
    expect(code).toBe(1);
  });

  it('says that the password is wrong', async ({ programs, user }) => {
    const { output } = await programs.typescript([SAMPLE_NODES.textFile], `${user.name}:wrong`);
    expect(output).toBe('Wrong name or password (DOWNLOADS_USER).\n');
  });
});

describe('the example of a microservice', { timeout: 60_000 }, () => {
  it('finishes after a restart what it was making', async ({ exports, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    const location = await exports.order(SAMPLE_NODES.largeFile);
    await until(
      () => zipsMade(sandbox),
      (count) => count === 1,
    );
    await exports.stop('SIGTERM');
    sandbox.bytesPerSecond = undefined;
    await exports.start();
    const done = await exports.ended(location);
    expect(await namesInExport(done)).toEqual(['large.bin']);
    expect(zipsMade(sandbox)).toBe(1);
  });

  it('waits for a downloads service that is killed meanwhile, and makes one ZIP', async ({
    sandbox,
    directory,
    onTestFinished,
  }) => {
    // Always at the same address and with the same store.
    const variables = {
      PORT: String(await freePort()),
      STORE_URL: `sqlite:${join(directory, 'store', 'downloads.db')}`,
      USERS: users('alice'),
    };
    const killed = await ServiceProcess.start(sandbox.url, variables);
    onTestFinished(() => void killed.child.kill('SIGKILL'));
    const relay = await LossyRelay.start(killed.url!);
    onTestFinished(() => relay.close());
    const login = `${CALLERS.alice.name}:${CALLERS.alice.password}`;
    const exports = await ExportsService.start(
      { url: relay.url, login },
      join(directory, 'exports'),
    );
    onTestFinished(() => exports.stop());

    sandbox.bytesPerSecond = 0;
    const location = await exports.order(SAMPLE_NODES.largeFile);
    await until(
      () => relay.received.filter((request) => request.startsWith('GET /downloads/')).length,
      (count) => count > 0,
    );
    killed.child.kill('SIGKILL');
    await killed.exit();
    sandbox.bytesPerSecond = undefined;
    expect((await exports.get(location)).state).toBe('making');
    const back = await ServiceProcess.start(sandbox.url, variables);
    onTestFinished(async () => void (await back.stop()));
    const done = await exports.ended(location);
    expect(done.state).toBe('ready');
    expect(await namesInExport(done)).toEqual(['large.bin']);
    expect(zipsMade(sandbox)).toBe(1);
  });
});
