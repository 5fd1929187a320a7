import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { LoginClient } from '../harness/login-client.js';
import { until } from '../harness/polling.js';
import { ServiceProcess } from '../harness/service-process.js';
import { PASSWORDS, SessionSetting, XHR } from '../harness/session-setting.js';
import { describeWithStores } from '../harness/session-stores.js';

const ROUNDS = 4;
const BROWSERS = 6;

async function isAlive(browser: LoginClient): Promise<boolean> {
  return (await browser.fetch('/auth/session')).status === 200;
}

/** Statuses of `GET /auth/session` with these cookies, one after the other. */
async function statusesOf(url: string, cookies: Iterable<string>): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (const cookie of cookies) {
    statuses.add((await fetch(`${url}/auth/session`, { headers: { cookie } })).status);
  }
  return statuses;
}

describeWithStores('sessions in processes of their own', (open) => {
  async function start(variables: Record<string, string>, accessTokenSeconds = 300) {
    const store = await open();
    const setting = await SessionSetting.start({
      accessTokenSeconds,
      variables: { STORE_URL: store.url, ...variables },
    });
    const services: ServiceProcess[] = [];
    onTestFinished(async () => {
      for (const { child } of services) child.kill('SIGKILL');
      await Promise.all(services.map((service) => service.exit()));
      await setting.close();
      await store.close();
    });
    const startService = async () => {
      const service = await ServiceProcess.start(setting.sandbox.url, setting.variables);
      services.push(service);
      return service;
    };
    return { setting, startService };
  }

  it('are neither lost nor brought back by kill -9', { timeout: 120_000 }, async () => {
    const { setting, startService } = await start({});
    const alive = new Set<string>();
    const ended = new Set<string>();
    let service = await startService();
    for (let round = 0; round < ROUNDS; round += 1) {
      const killed = new AbortController();
      const browsers = Array.from({ length: BROWSERS }, async (_, number) => {
        for (let count = number; !killed.signal.aborted; count += 1) {
          const browser = new LoginClient(setting.url);
          try {
            const { status } = await browser.logIn('alice', PASSWORDS.alice);
            const cookie = browser.cookieHeader();
            if (status !== 303) continue;
            alive.add(cookie);
            if (count % 2 === 0) continue;
            // From here on nobody knows, until there is a response.
            alive.delete(cookie);
            const init = { method: 'POST', headers: XHR };
            if ((await browser.fetch('/auth/logout', init)).status === 200) ended.add(cookie);
          } catch {
            // The service is not there.
          }
        }
      });
      const [before, endedBefore] = [alive.size, ended.size];
      await until(
        () => Math.min(alive.size - before, ended.size - endedBefore),
        (count) => count >= 10,
        { forMs: 30_000 },
      );
      await sleep(Math.random() * 100);
      service.child.kill('SIGKILL');
      await service.exit();
      killed.abort();
      await Promise.all(browsers);
      service = await startService();
      expect(await statusesOf(setting.url, alive)).toEqual(new Set([200]));
      expect(await statusesOf(setting.url, ended)).toEqual(new Set([401]));
    }
    expect(alive.size).toBeGreaterThanOrEqual(ROUNDS * 10);
  });

  it('are the same for several workers', { timeout: 60_000 }, async () => {
    const { setting, startService } = await start({ WORKERS: '2' }, 2);
    await startService();
    const browser = await setting.loggedIn();
    const cookie = browser.cookieHeader();
    await sleep(2050);
    // Each on a connection of its own, so that both workers get some.
    const read = async () => {
      const headers = { cookie, connection: 'close' };
      return (await fetch(`${setting.url}/auth/session`, { headers })).status;
    };
    const many = () => Promise.all(Array.from({ length: 40 }, read));
    expect(new Set(await many())).toEqual(new Set([200]));
    const refreshes = setting.provider.grants.filter((type) => type === 'refresh_token');
    expect(refreshes).toHaveLength(1);
    expect(setting.provider.refusedGrants).toEqual([]);
    await browser.fetch('/auth/logout', { method: 'POST', headers: XHR });
    await until(many, (statuses) => statuses.every((status) => status === 401), { forMs: 1000 });
  });

  it('end by idleness and by age', { timeout: 60_000 }, async () => {
    const { setting, startService } = await start({ SESSION_IDLE: '10', SESSION_MAX: '15' });
    await startService();
    const [idle, busy] = [await setting.loggedIn(), await setting.loggedIn()];
    const begun = performance.now();
    const lives: number[] = [];
    while (await isAlive(busy)) {
      lives.push(performance.now() - begun);
      await sleep(500);
      if (lives.length === 22) expect(await isAlive(idle)).toBe(false);
    }
    expect(lives.at(-1)).toBeGreaterThan(13_000);
    expect(lives.at(-1)).toBeLessThan(15_500);
    expect(lives.length).toBeGreaterThan(22);
  });
});
