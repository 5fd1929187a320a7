import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadsApi } from '../harness/api.js';
import { Events } from '../harness/event-stream.js';
import { configured } from '../harness/fixtures.js';
import { IdentityProvider } from '../harness/identity-provider.js';
import { type ServiceStarter, serviceStarter } from '../harness/service-starter.js';

const PUBLIC = '/alfresco/api/-default-/public';
const API = `${PUBLIC}/alfresco/versions/1`;
const TICKETS = `${PUBLIC}/authentication/versions/1/tickets/-me-`;

const it = configured({}).extend('start', serviceStarter);

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await IdentityProvider.start();
});
afterAll(() => provider.close());

/** Starts a service that checks credentials every 30 ms, not every 15 s, and a download of a caller whose token expires. */
async function connect(start: ServiceStarter, seconds: number) {
  const { url } = await start(
    { API_PREFIX: API.slice(1), ...provider.environment() },
    { pacing: { events: { heartbeatMs: 30 } } },
  );
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const headers = { authorization: `Bearer ${await provider.token({ exp })}` };
  const api = new DownloadsApi(url + API, headers);
  const response = await fetch(url + TICKETS, { headers });
  const { entry } = (await response.json()) as { entry: { id: string } };
  return { url, api, id: await api.startStuck(), endsAt: exp * 1000, ticket: entry.id };
}

/** `Authorization` as js-api makes it of a ticket. */
const withTicket = (ticket: string) => ({
  authorization: `Basic ${Buffer.from(`ROLE_TICKET:${ticket}`).toString('base64')}`,
});

describe('events and long polls', () => {
  it('end with the token that opened them', async ({ start }) => {
    const { url, api, id, endsAt } = await connect(start, 3);
    const events = await Events.open(url + API, id, api.headers);
    const poll = api.request('GET', `/downloads/${id}`, { headers: { prefer: 'wait=50' } });
    expect(events.response.status).toBe(200);
    await events.ended;
    const { status } = await poll;
    expect(status).toBe(401);
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt - 50);
    expect(Date.now()).toBeLessThan(endsAt + 2000);
  });

  it('end with a ticket for the token that opened them', async ({ start }) => {
    const { url, id, ticket, endsAt } = await connect(start, 3);
    const events = await Events.open(url + API, id, withTicket(ticket));
    expect(events.response.status).toBe(200);
    await events.ended;
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt - 50);
  });

  it('end when the caller logs out', async ({ start }) => {
    const { url, id, ticket } = await connect(start, 300);
    const headers = withTicket(ticket);
    const events = await Events.open(url + API, id, headers);
    const poll = fetch(`${url}${API}/downloads/${id}`, {
      headers: { ...headers, prefer: 'wait=50' },
    });
    await sleep(100);
    expect((await fetch(url + TICKETS, { method: 'DELETE', headers })).status).toBe(204);
    await events.ended;
    expect((await poll).status).toBe(401);
  });

  it('continue while the ticket is valid', async ({ start }) => {
    const { url, id, ticket } = await connect(start, 300);
    const events = await Events.open(url + API, id, withTicket(ticket));
    const ended = await Promise.race([events.ended.then(() => true), sleep(300, false)]);
    expect(ended).toBe(false);
    expect(events.text).toContain(':\n\n');
    events.close();
  });
});
