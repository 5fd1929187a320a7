import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Environment } from '#service/config/environment.js';
import { users } from '../harness/bff.js';
import { it } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { requirePrograms } from '../harness/programs.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';

const NAME = 'alfresco-downloads-bff.service';
const unit = readFileSync(join('deploy/systemd', NAME), 'utf8');

/** Values of a setting of the unit. */
const settings = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!);

describe('the unit for systemd', () => {
  let directory: string;
  let program: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'systemd-'));
    // As npm installs it.
    program = join(directory, 'alfresco-downloads-bff');
    chmodSync(join(BUILT_SERVICE, 'main.js'), 0o755);
    symlinkSync(join(BUILT_SERVICE, 'main.js'), program);
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it('is what systemd understands', ({ skip }) => {
    requirePrograms({ skip }, 'systemd-analyze');
    const copy = join(directory, NAME);
    writeFileSync(copy, unit.replace(settings('ExecStart')[0]!, program));
    const verify = `systemd-analyze verify '${copy}' 2>&1`;
    expect(execFileSync('sh', ['-c', verify], { encoding: 'utf8' })).toBe('');
  });

  it('starts the service with secrets from files, which SIGTERM ends with 0', async ({
    sandbox,
  }) => {
    const secrets: Record<string, string> = {
      alfresco_password: 'svc-s3cret-Pa55\n',
      link_secret: 'x'.repeat(32),
      'users.htpasswd': `${users('alice')}\n`,
    };
    const credentials = settings('LoadCredential').map((value) => value.split(':')[0]!);
    for (const name of credentials) writeFileSync(join(directory, name), secrets[name]!);
    const service = ServiceProcess.spawn(
      {
        ...Object.fromEntries(
          settings('Environment')
            .flatMap((line) => line.replaceAll('%d', directory).split(' '))
            .map((assignment) => assignment.split('=') as [string, string]),
        ),
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        PORT: '0',
        ALFRESCO_URL: sandbox.url,
        ALFRESCO_USERNAME: 'downloads-service',
        STORE_URL: 'sqlite::memory:',
      },
      [program],
    );
    await until(
      () => service.text,
      (text) =>
        text.includes('Alfresco accepts the credentials') || service.child.exitCode !== null,
    );
    expect(await service.stop()).toBe(0);
    expect(service.text).toContain('Alfresco accepts the credentials');
  });

  it('waits for running requests, and starts no invalid configuration twice', () => {
    const { SHUTDOWN_GRACE_MS } = new Environment();
    expect(Number(settings('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(SHUTDOWN_GRACE_MS);
    expect(settings('RestartPreventExitStatus')).toEqual(['78']);
  });
});
