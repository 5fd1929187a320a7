import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { LoginClient } from '../harness/login-client.js';
import { PASSWORDS, SessionSetting, XHR } from '../harness/session-setting.js';

describe('a browser that logs in at the provider', () => {
  let setting: SessionSetting;
  beforeAll(async () => {
    setting = await SessionSetting.start();
    await setting.startService();
  });
  afterAll(() => setting.close());

  it('comes back to the page it wanted, with nothing but a cookie', async () => {
    const client = new LoginClient(setting.url);
    const response = await client.logIn('alice', PASSWORDS.alice, '/page?x=1#top');
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`${setting.url}/page?x=1#top`);
    const [cookie, ...others] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^alfresco-downloads=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(others).toHaveLength(1);
    expect([...client.cookies().keys()]).toEqual(['alfresco-downloads']);
    const session = await client.fetch('/auth/session');
    expect(session.status).toBe(200);
    expect(await session.json()).toEqual({
      name: 'alice',
      id: expect.stringMatching(/^oidc:[\w-]{8}:alice$/) as string,
      expiresAt: expect.any(String) as string,
      endsAt: expect.any(String) as string,
    });
  });

  it('makes, reads and saves a download with the cookie, and changes nothing without X-Requested-With', async () => {
    const client = await setting.loggedIn();
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...XHR },
      body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
    };
    const made = await client.fetch('/downloads', init);
    expect(made.status).toBe(202);
    const { entry } = (await made.json()) as { entry: { id: string } };
    expect((await client.fetch(`/downloads/${entry.id}`)).status).toBe(200);
    const refused = await client.fetch('/downloads', {
      ...init,
      headers: { 'content-type': 'application/json' },
    });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: 'ORIGIN_FORBIDDEN' });
  });

  it('costs no call of the provider for requests that follow', async () => {
    const client = await setting.loggedIn();
    const before = [...setting.provider.grants];
    // Longer than a process remembers what it has read from the store.
    const until = performance.now() + 1200;
    let requests = 0;
    while (performance.now() < until) {
      const responses = Array.from({ length: 20 }, () => client.fetch('/downloads'));
      for (const { status } of await Promise.all(responses)) expect(status).toBe(200);
      requests += responses.length;
    }
    expect(requests).toBeGreaterThan(20);
    expect(setting.provider.grants).toEqual(before);
  });

  it('is logged out for good', async () => {
    const client = await setting.loggedIn();
    const stolen = client.cookieHeader();
    const response = await client.fetch('/auth/logout', { method: 'POST', headers: XHR });
    expect(response.status).toBe(200);
    const { logoutUrl } = (await response.json()) as { logoutUrl: string };
    expect(logoutUrl.startsWith(`${setting.provider.issuer}/session/end?`)).toBe(true);
    expect(client.cookies().size).toBe(0);
    const { status, headers } = await client.fetch('/auth/session', {
      headers: { cookie: stolen },
    });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Cookie realm="alfresco-downloads"');
  });
});
