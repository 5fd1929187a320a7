import { ServiceUnreachable } from './downloads-problem.ts';
import { ScriptedServer } from './scripted-server.fixture.ts';
import { ServiceConnection } from './service-connection.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(() => server.close());

describe('a request to the service', () => {
  it.each<[string, ScriptedServer['script']]>([
    ['never responded to', () => {}],
    ['never responded to completely', (_request, response) => response.write('{"entry":')],
  ])('is given up when it is %s', async (_how, script) => {
    server.script = script;
    const asked = new ServiceConnection({ baseUrl: server.url }).request('/x', { timeoutMs: 100 });
    await expect(asked).rejects.toBeInstanceOf(ServiceUnreachable);
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it('has no credentials where none are given', async () => {
    server.script = (_request, response) => response.end('{}');
    await new ServiceConnection({ baseUrl: server.url }).request('/x');
    expect(server.requests[0]!.headers).not.toHaveProperty('authorization');
  });

  it('may have an empty response, and 304', async () => {
    server.script = (_request, response) => response.writeHead(304, { etag: '"a"' }).end();
    const response = await new ServiceConnection({ baseUrl: server.url }).request('/x', {
      headers: { 'If-None-Match': '"a"' },
    });
    expect(response).toMatchObject({ status: 304, body: undefined });
    expect(response.headers.get('etag')).toBe('"a"');
  });
});
