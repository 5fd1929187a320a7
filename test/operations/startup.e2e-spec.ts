import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SERVICE_ACCOUNT, environment, startBff } from '../harness/bff.js';
import { it as base } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';

const MAIN = join(BUILT_SERVICE, 'main.js');

/** Tests with a service that may read files, but neither write one nor start a program. */
const confined = base.extend(
  'service',
  { scope: 'file' },
  async ({ runningSandbox }, { onCleanup }) => {
    const permissions = ['--permission', '--allow-fs-read=*', '--allow-addons'];
    const service = await ServiceProcess.start(runningSandbox.url, { LOG_LEVEL: 'log' }, [
      process.execPath,
      ...permissions,
      MAIN,
    ]);
    onCleanup(async () => {
      service.child.kill('SIGKILL');
      await service.exit();
    });
    return service;
  },
);

describe('the built service', () => {
  const it = confined;

  it('starts and becomes ready without permission to write files or start programs', async ({
    service,
  }) => {
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${service.url}/docs/openapi.json`)).status).toBe(200);
  });

  it('survives clients that disconnect in the middle of a request', async ({ service }) => {
    const { port } = new URL(service.url!);
    for (const text of [
      'POST /downloads HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"node',
      'GET /downl',
      '',
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      socket.resetAndDestroy();
    }
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  });

  // The last test of this service.
  it('exits with 0 on SIGTERM, having logged no errors and no colours', async ({ service }) => {
    expect(await service.stop()).toBe(0);
    expect(service.text).toContain('listens on');
    expect(service.text).not.toMatch(/INTERNAL_ERROR|^\s+at /m);
    // Colour codes are for terminals, not for files.
    expect(service.text).not.toContain('\u001b');
  });
});

describe('a start', () => {
  const it = base;

  it('that fails lists all mistakes, exits with 78, and shows neither secrets nor a stack trace', async () => {
    const service = ServiceProcess.spawn({
      ...environment('ftp://acs.example.com'),
      PORT: '70000',
      ALFRESCO_USERNAME: '',
      ALFRESCO_TIMEOUT_MS: '10s',
      LOG_LEVEL: 'loud',
      USERS: 'alice:plain-t3xt-secret',
      MAX_NODE_IDS: '0',
    });
    expect(await service.exit()).toBe(78);
    const lines = service.text.trim().split('\n');
    expect(lines[0]).toBe('The configuration has 7 problems:');
    expect(lines.slice(1, -1).map((line) => /^ {2}- (\w+)/.exec(line)?.[1])).toEqual([
      'PORT',
      'ALFRESCO_URL',
      'ALFRESCO_USERNAME',
      'ALFRESCO_TIMEOUT_MS',
      'MAX_NODE_IDS',
      'LOG_LEVEL',
      'USERS',
    ]);
    expect(service.text).toContain('PORT="70000": must be a port number from 0 to 65535');
    expect(service.text).not.toMatch(/t3xt|Pa55|^\s+at /m);
  });

  it('without users is rejected unless AUTH=none is set', async ({ runningSandbox }) => {
    const { USERS: _, ...withoutUsers } = environment(runningSandbox.url);
    const refused = ServiceProcess.spawn(withoutUsers);
    expect(await refused.exit()).toBe(78);
    expect(refused.text).toContain('AUTH=none');
    const open = await startBff(runningSandbox.url, { USERS: '', AUTH: 'none' });
    onTestFinished(() => open.close());
    expect((await fetch(`${open.url}/downloads/unknown`)).status).toBe(404);
  });

  it('with DOCS=off serves no docs', async ({ runningSandbox }) => {
    const service = await startBff(runningSandbox.url, { DOCS: 'off' });
    onTestFinished(() => service.close());
    for (const path of ['/docs', '/docs/openapi.json', '/docs/swagger-ui-bundle.js']) {
      expect((await fetch(service.url + path)).status).toBe(404);
    }
  });

  it('on a port in use says so in one line', async ({ runningSandbox }) => {
    const { port } = new URL(runningSandbox.url);
    const refused = ServiceProcess.spawn(environment(runningSandbox.url, { PORT: port }));
    expect(await refused.exit()).toBe(1);
    expect(refused.text).toBe(
      `Cannot listen on HOST="127.0.0.1" PORT="${port}": another process uses this port.\n`,
    );
  });

  it('with a Node.js that is too old says so in one line', ({ skip }) => {
    // The machine's own Node.js, on which npm itself runs.
    const node = process.env.npm_node_execpath ?? '/usr/bin/node';
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1]);
    if (!(major < 24)) {
      skip(`needs a Node.js older than 24 on this machine, which has ${stdout?.trim() || 'none'}`);
    }
    const { status, stderr } = spawnSync(node, [MAIN], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^alfresco-downloads-bff needs Node\.js 24 or newer; this is v\d+\.\d+\.\d+ \(.+\)\.\n$/,
    );
  });

  it('logs in one line which configuration is in force, and none of its secrets', async ({
    runningSandbox,
  }) => {
    const service = await ServiceProcess.start(runningSandbox.url, {
      LOG_LEVEL: 'log',
      ALFRSCO_TIMEOUT_MS: '5000',
    });
    onTestFinished(() => void service.child.kill('SIGKILL'));
    await logged(service, /accepts the credentials/);
    const messages = messagesOf(service);
    expect(messages.filter((text) => text.startsWith('Configuration in force: '))).toHaveLength(1);
    expect(messages).toContain(
      'ALFRSCO_TIMEOUT_MS is not a variable of this service: ALFRESCO_TIMEOUT_MS is probably meant',
    );
    expect(messages.filter((text) => /Mapped|dependencies initialized/.test(text))).toEqual([]);
    expect(service.text).not.toContain(SERVICE_ACCOUNT.password);
  });

  it.for([{ auth: 'ticket' }, { auth: 'basic' }])(
    'with a wrong password at Alfresco ($auth) logs that once, after one attempt, and goes on',
    async ({ auth }, { runningSandbox }) => {
      runningSandbox.clearRequests();
      const service = await ServiceProcess.start(runningSandbox.url, {
        LOG_LEVEL: 'log',
        ALFRESCO_AUTH: auth,
        ALFRESCO_PASSWORD: 'wrong',
      });
      onTestFinished(() => void service.child.kill('SIGKILL'));
      await logged(service, REJECTED);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      expect(messagesOf(service).filter((text) => REJECTED.test(text))).toHaveLength(1);
      const attempts = runningSandbox.requests.filter(({ url }) => !url.includes('/probes/'));
      expect(attempts).toHaveLength(1);
    },
  );

  it('with an address at which there is no Alfresco says so in the log', async ({
    runningSandbox,
  }) => {
    const service = await ServiceProcess.start(new URL(runningSandbox.url).origin, {
      LOG_LEVEL: 'log',
    });
    onTestFinished(() => void service.child.kill('SIGKILL'));
    await logged(service, /wrong address/);
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
  });

  it('leads browsers that try other addresses to the docs, and no probe', async ({
    runningSandbox,
  }) => {
    const service = await startBff(runningSandbox.url);
    onTestFinished(() => service.close());
    const get = (path: string, accept: string) =>
      fetch(service.url + path, { redirect: 'manual', headers: { accept } });
    for (const path of ['/', '/health']) {
      const response = await get(path, 'text/html,application/xhtml+xml,*/*;q=0.8');
      expect([response.status, response.headers.get('location')]).toEqual([303, '/docs']);
    }
    expect((await get('/health', '*/*')).status).toBe(404);
  });
});

const REJECTED = /credentials of this service were rejected/;

async function logged(service: ServiceProcess, wanted: RegExp): Promise<void> {
  await until(
    () => messagesOf(service),
    (messages) => messages.some((text) => wanted.test(text)),
  );
}

/** Messages of the lines that a service has logged. */
function messagesOf(service: ServiceProcess): string[] {
  return service.text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}
