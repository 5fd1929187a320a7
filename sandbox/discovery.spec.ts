import { startSandbox, type Sandbox } from './sandbox.ts';
import { TestClient } from './testing/test-client.ts';

describe('what is installed, and who asks', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  beforeAll(async () => {
    sandbox = await startSandbox();
    client = new TestClient(sandbox);
  });
  afterAll(() => sandbox.close());

  const discovery = (authorization?: string) =>
    fetch(`${sandbox.url}/api/discovery`, { headers: authorization ? { authorization } : {} });

  it('is told to users only: version, edition and whether it is read-only', async () => {
    expect((await discovery()).status).toBe(401);
    sandbox.readOnly = true;
    const response = await discovery(`Basic ${btoa('alice:al1ce-s3cret-Pa55')}`);
    sandbox.readOnly = false;
    expect(await response.json()).toMatchObject({
      entry: {
        repository: {
          edition: 'Community',
          version: { major: '25', minor: '3', patch: '0' },
          status: { isReadOnly: true },
        },
      },
    });
  });

  it('has -me- for the user of the request, and no other person', async () => {
    const me = await client.call('GET', '/people/-me-', { user: 'admin' });
    expect(me.json.entry).toMatchObject({ id: 'admin', capabilities: { isAdmin: true } });
    expect((await client.call('GET', '/people/-me-', { user: null })).status).toBe(401);
    expect((await client.call('GET', '/people/bob', { user: 'alice' })).status).toBe(404);
  });
});
