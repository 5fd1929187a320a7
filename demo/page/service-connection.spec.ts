import { ServiceUnreachable } from './downloads-problem.ts';
import { ScriptedServer } from './scripted-server.fixture.ts';
import { ServiceConnection } from './service-connection.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(() => server.close());

describe('a question to the service', () => {
  it.each<[string, ScriptedServer['script']]>([
    ['never answered', () => {}],
    ['never answered to the end', (_request, response) => response.write('{"entry":')],
  ])('is given up when it is %s', async (_how, script) => {
    server.script = script;
    const asked = new ServiceConnection({ baseUrl: server.url }).ask('/x', { timeoutMs: 100 });
    await expect(asked).rejects.toBeInstanceOf(ServiceUnreachable);
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it('has no credentials where none are given', async () => {
    server.script = (_request, response) => response.end('{}');
    await new ServiceConnection({ baseUrl: server.url }).ask('/x');
    expect(server.requests[0]!.headers).not.toHaveProperty('authorization');
  });

  it('may be answered with nothing, and with 304', async () => {
    server.script = (_request, response) => response.writeHead(304, { etag: '"a"' }).end();
    const answer = await new ServiceConnection({ baseUrl: server.url }).ask('/x', {
      headers: { 'If-None-Match': '"a"' },
    });
    expect(answer).toMatchObject({ status: 304, body: undefined });
    expect(answer.headers.get('etag')).toBe('"a"');
  });
});
