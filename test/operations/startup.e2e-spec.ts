import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { environment } from '../harness/bff.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

describe('the built service', () => {
  it('starts, is ready, and ends with 0 on SIGTERM', async () => {
    const service = await ServiceProcess.start(sandbox.url);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${service.url}/docs/openapi.json`)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  it('serves no docs with DOCS=off', async () => {
    const service = await ServiceProcess.start(sandbox.url, { DOCS: 'off' });
    for (const path of ['/docs', '/docs/openapi.json', '/docs/swagger-ui-bundle.js']) {
      expect((await fetch(service.url + path)).status).toBe(404);
    }
    await service.stop();
  });

  it('tells everything that is wrong at once, exits with 78, and shows neither secret nor stack', async () => {
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

  it('does not start without users unless AUTH=none is said', async () => {
    const { USERS: _, ...withoutUsers } = environment(sandbox.url);
    const refused = ServiceProcess.spawn(withoutUsers);
    expect(await refused.exit()).toBe(78);
    expect(refused.text).toContain('AUTH=none');
    const open = await ServiceProcess.start(sandbox.url, { USERS: '', AUTH: 'none' });
    expect((await fetch(`${open.url}/downloads/unknown`)).status).toBe(404);
    await open.stop();
  });

  it('says in one line that its port is taken', async () => {
    const first = await ServiceProcess.start(sandbox.url);
    const { port } = new URL(first.url!);
    const second = ServiceProcess.spawn(environment(sandbox.url, { PORT: port }));
    expect(await second.exit()).toBe(1);
    expect(second.text).toBe(
      `Cannot listen on HOST="127.0.0.1" PORT="${port}": another process uses this port.\n`,
    );
    await first.stop();
  });

  it('says in one line that Node.js is too old', (context) => {
    // The Node.js that npm itself runs on, which is the machine's own.
    const node = process.env.npm_node_execpath ?? '/usr/bin/node';
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1]);
    if (!(major < 24)) {
      console.warn(
        `SKIPPED: no Node.js older than 24 on this machine (${stdout?.trim() || 'none'})`,
      );
      context.skip();
    }
    const { status, stderr } = spawnSync(node, [join(BUILT_SERVICE, 'main.js')], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^alfresco-downloads-bff needs Node\.js 24 or newer; this is v\d+\.\d+\.\d+ \(.+\)\.\n$/,
    );
  });

  it('survives callers who leave in the middle of a request', async () => {
    const service = await ServiceProcess.start(sandbox.url, { LOG_LEVEL: 'log' });
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
    await service.stop();
    expect(service.text).toContain('listens on');
    expect(service.text).not.toMatch(/INTERNAL_ERROR|^\s+at /m);
    // Colours are for terminals, not for files.
    expect(service.text).not.toContain('\u001b');
  });
});
