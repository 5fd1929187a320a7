import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { EVERY_SCHEME } from '../harness/every-scheme.js';
import { configured } from '../harness/fixtures.js';
import { MetricChanges } from '../harness/metric-changes.js';
import { until } from '../harness/polling.js';
import { rawBytes, rawRequest } from '../harness/raw-http.js';
import { Scrape } from '../harness/scrape.js';
import { serviceStarter } from '../harness/service-starter.js';
import { requirePrograms } from '../harness/programs.js';

/** Tests without delays: jobs start at once, and are polled at once. */
const it = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '1' },
})
  .extend('changes', ({ bff }) => MetricChanges.since(bff.url))
  .extend('start', serviceStarter);

/** With the metrics of log-ins. */
const withLogins = configured({ variables: EVERY_SCHEME });

const impatient = configured({ variables: { ALFRESCO_TIMEOUT_MS: '300' } }).extend(
  'changes',
  ({ bff }) => MetricChanges.since(bff.url),
);

describe('/metrics', () => {
  it('can be scraped by Prometheus without credentials', async ({ bff, api, skip }) => {
    requirePrograms({ skip }, 'promtool');
    await api.createFinished([SAMPLE_NODES.textFile]);
    const response = await fetch(`${bff.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await response.text(),
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('is available while the service is not ready, and at the root whatever the prefix', async ({
    sandbox,
    start,
  }) => {
    sandbox.ready = false;
    const { url } = await start({ API_PREFIX: 'api/v1' });
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
    expect((await fetch(`${url}/api/v1/metrics`)).status).toBe(404);
  });

  it('is absent with METRICS=off', async ({ start }) => {
    const { url } = await start({ METRICS: 'off' });
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  it('covers only one application when a process has several', async ({ api, changes, start }) => {
    const other = await start();
    await api.status('unknown');
    await changes.expectGrowth('bff_problems_total', { code: 'DOWNLOAD_NOT_FOUND' }, 1);
    const scrape = await Scrape.of(other.url);
    expect(scrape.value('bff_problems_total', { code: 'DOWNLOAD_NOT_FOUND' })).toBe(0);
  });

  it('names no callers and no downloads', async ({ bff, user, api }) => {
    const id = await api.createFinished([SAMPLE_NODES.nestedFolder]);
    await api.content(id);
    const { text } = await Scrape.of(bff.url);
    for (const secret of [id, user.name, SAMPLE_NODES.nestedFolder]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('the metrics of requests', () => {
  const count = 'bff_http_request_duration_seconds_count';

  it('count them by method, route and status', async ({ api, changes }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    await api.request('GET', `/downloads/${id}/content`);
    await api.request('HEAD', `/downloads/${id}/content`);
    await api.request('DELETE', '/downloads/unknown');
    const content = { route: '/downloads/:id/content', status: '200' };
    const creation = { method: 'POST', route: '/downloads', status: '202' };
    await changes.expectGrowth(count, creation, 1);
    await changes.expectGrowth(count, { method: 'GET', ...content }, 1);
    await changes.expectGrowth(count, { method: 'HEAD', ...content }, 1);
    const refused = { method: 'DELETE', route: '/downloads/:id', status: '404' };
    await changes.expectGrowth(count, refused, 1);
  });

  it('put everything that a scanner requests into one series', async ({ bff, api, changes }) => {
    const before = (await Scrape.of(bff.url)).series(count).length;
    for (let index = 0; index < 50; index++) {
      await api.request('GET', `/wp-content/${index}.php`);
      await rawRequest(bff.port, { method: 'PROPFIND', path: `/x${index}` });
      await rawRequest(bff.port, { method: 'LINK', path: `/y${index}` });
    }
    const unmatched = { route: 'unmatched', status: '404' };
    await changes.expectGrowth(count, { method: 'GET', ...unmatched }, 50);
    await changes.expectGrowth(count, { method: '_OTHER', ...unmatched }, 100);
    // Those two, and /metrics itself.
    const after = (await Scrape.of(bff.url)).series(count).length;
    expect(after - before).toBeLessThanOrEqual(3);
  });

  it('distinguish those whose client disconnected', async ({ sandbox, api, changes }) => {
    const id = await api.start([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'hang' }, { path: new RegExp(`/downloads/${id}`) });
    const abort = new AbortController();
    const aborted = api
      .request('GET', `/downloads/${id}`, { signal: abort.signal })
      .catch(() => {});
    await changes.expectValue('bff_http_requests_open', {}, 2);
    abort.abort();
    await aborted;
    const route = '/downloads/:id';
    await changes.expectGrowth('bff_http_requests_aborted_total', { method: 'GET', route }, 1);
    await changes.expectGrowth(count, { route, status: '499' }, 1);
    await changes.expectValue('bff_http_requests_open', {}, 1);
  });

  it('count a request for a missing file of the docs', async ({ start }) => {
    // Fastify's callNotFound changes the route of a request in progress.
    const { url } = await start();
    expect((await fetch(`${url}/docs/nope.js`)).status).toBe(404);
    await until(
      async () => (await Scrape.of(url)).value('bff_http_requests_open', {}),
      (open) => open === 1,
    );
  });

  it('count preflights, and requests rejected because of their origin', async ({ start }) => {
    const { url } = await start({ CORS_ORIGINS: 'https://app.example.com' });
    const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'GET' };
    await fetch(`${url}/downloads`, { method: 'OPTIONS', headers: preflight });
    await fetch(`${url}/downloads`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    const scrape = await Scrape.of(url);
    expect(scrape.value(count, { method: 'OPTIONS', status: '204' })).toBe(1);
    expect(scrape.value(count, { method: 'POST', status: '403' })).toBe(1);
  });

  it('count what is not HTTP among the problems', async ({ bff, changes }) => {
    await rawBytes(bff.port, 'GET / HTTP/9.9\r\n\r\n');
    await changes.expectGrowth('bff_problems_total', { code: 'MALFORMED_REQUEST' }, 1);
  });

  it('count transfers while they run, and their bytes', async ({ bff, user, api, changes }) => {
    const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
    const url = new URL(`${bff.url}/downloads/${id}/content`);
    const transfer = httpRequest(url, { headers: user.headers }).end();
    const [response] = (await once(transfer, 'response')) as [IncomingMessage];
    await changes.expectValue('bff_content_streams_open', {}, 1);
    const sent = await changes.growth('bff_http_sent_bytes_total');
    expect(sent).toBeGreaterThan(10_000);
    response.resume();
    await once(response, 'end');
    await changes.expectValue('bff_content_streams_open', {}, 0);
    const after = await changes.growth('bff_http_sent_bytes_total');
    expect(after - sent).toBeGreaterThan(10_000_000);
    transfer.destroy();
    expect(await changes.growth('bff_http_sent_bytes_total')).toBeGreaterThan(20_000_000);
  });
});

describe('the metrics of calls to Alfresco', () => {
  const count = 'bff_upstream_request_duration_seconds_count';

  it('count them by operation and class of status', async ({ bff, api, changes }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    await api.content(id);
    const status = '2xx';
    await changes.expectGrowth(count, { operation: 'POST /downloads', status }, 1);
    await changes.expectGrowth(count, { operation: 'GET /nodes/{id}', status }, 1);
    await changes.expectGrowth(count, { operation: 'GET /nodes/{id}/content', status }, 1);
    await fetch(`${bff.url}/health/ready`);
    await changes.expectGrowth(count, { operation: 'GET /probes/-ready-', status }, 1);
  });

  it.for([
    [{ kind: 'status', status: 418 }, '4xx'],
    [{ kind: 'status', status: 503 }, '5xx'],
    [{ kind: 'reset' }, 'unreachable'],
  ] as const)('say how they failed: %o', async ([fault, status], { sandbox, api, changes }) => {
    // Five failures in a row would open a breaker.
    await api.start([SAMPLE_NODES.textFile]);
    sandbox.fail(fault, { method: 'POST' });
    await api.create([SAMPLE_NODES.textFile]);
    await changes.expectGrowth(count, { operation: 'POST /downloads', status }, 1);
  });

  impatient('say that there was no response in time', async ({ sandbox, api, changes }) => {
    sandbox.fail({ kind: 'hang' }, { method: 'POST' });
    await api.create([SAMPLE_NODES.textFile]);
    const labels = { operation: 'POST /downloads', status: 'timeout' };
    await changes.expectGrowth(count, labels, 1);
  });

  it('do not count a client’s disconnection as a failure of Alfresco', async ({
    sandbox,
    api,
    changes,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'hang' }, { path: /\/content$/ });
    const abort = new AbortController();
    const path = `/downloads/${id}/content`;
    const aborted = api.request('GET', path, { signal: abort.signal }).catch(() => {});
    await until(
      () => sandbox.requests.some(({ url }) => url.endsWith(`/nodes/${id}/content`)),
      (hasArrived) => hasArrived,
    );
    abort.abort();
    await aborted;
    const labels = { operation: 'GET /nodes/{id}/content', status: 'caller_gone' };
    await changes.expectGrowth(count, labels, 1);
  });
});

describe('the metrics of downloads', () => {
  it('count each once, by its outcome', async ({ api, changes }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    for (let again = 0; again < 3; again++) await api.status(id);
    expect(await changes.growth('bff_downloads_ended_total', { status: 'DONE' })).toBe(1);
  });
});

/** A histogram has three series under one name. */
function baseOf(name: string, metrics: readonly string[]): string {
  return metrics.includes(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
}

describe('deploy/', () => {
  const ALERTS = 'deploy/prometheus/alerts.yml';
  const ALERT_TESTS = 'deploy/prometheus/alerts.test.yml';
  const DASHBOARD = 'deploy/grafana/alfresco-downloads-bff.json';
  /** Metrics of Prometheus itself about each target. */
  const OF_PROMETHEUS = ['up', 'ALERTS'];

  it('has alerts that fire when they should, and only then', ({ skip }) => {
    requirePrograms({ skip }, 'promtool');
    for (const args of [
      ['check', 'rules', ALERTS],
      ['test', 'rules', ALERT_TESTS],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
      expect(stdout + stderr).toContain('SUCCESS');
      expect(status).toBe(0);
    }
  });

  withLogins.for([ALERTS, ALERT_TESTS, DASHBOARD])(
    'names only metrics and labels that exist: %s',
    async (file, { bff, api }) => {
      const id = await api.createFinished([SAMPLE_NODES.textFile]);
      await api.content(id);
      const page = await Scrape.of(bff.url);
      const text = (await readFile(file, 'utf8')).replaceAll('\\"', '"');
      const selectors = [
        ...text.matchAll(/\b((?:bff|nodejs|process)_\w+|up|ALERTS)\b(?:\{([^}]*)\})?/g),
      ];
      const names = selectors
        .map(([, name]) => name!)
        .filter((name) => !OF_PROMETHEUS.includes(name));
      expect(names.length).toBeGreaterThan(5);
      for (const name of new Set(names)) expect(page.metrics).toContain(baseOf(name, page.metrics));
      for (const [, name, matchers = ''] of selectors) {
        const labels = page.labelsOf(name!);
        if (labels.length === 0) continue;
        for (const [, label] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)) {
          expect([...labels, 'job', 'instance']).toContain(label);
        }
      }
    },
  );

  it('has a dashboard whose panels all query something', async () => {
    const { panels } = JSON.parse(await readFile(DASHBOARD, 'utf8')) as {
      panels: { type: string; id: number; title: string; targets?: { expr: string }[] }[];
    };
    const graphs = panels.filter(({ type }) => type !== 'row');
    expect(graphs.length).toBeGreaterThan(10);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, targets } of graphs) {
      expect(title).toMatch(/\S/);
      expect(targets?.every(({ expr }) => expr.includes('$job'))).toBe(true);
    }
  });
});
