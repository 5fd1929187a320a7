import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { rawBytes, rawRequest } from '../harness/raw-http.js';
import { Scrape } from '../harness/scrape.js';
import { needsTools } from '../harness/tools.js';

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  bff = await startBff(sandbox.url, { ALFRESCO_TIMEOUT_MS: '300' });
  api = DownloadsApi.ofBff(bff.url);
});
afterEach(async () => {
  sandbox.clearFaults();
  await bff.close();
});

const scrape = () => Scrape.of(bff.url);

/** Waits for a value, since a request is counted only after its answer. */
const value = (name: string, labels: Record<string, string>, wanted: number) =>
  until(
    async () => (await scrape()).value(name, labels),
    (found) => found === wanted,
    { forMs: 5000 },
  );

describe('/metrics', () => {
  it('is what Prometheus can read, without credentials', async (context) => {
    needsTools(context, 'promtool');
    await api.make([SAMPLE_NODES.textFile]);
    const answer = await fetch(`${bff.url}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await answer.text(),
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('is there while the service is not ready, and at the root whatever the prefix', async () => {
    const lost = await startBff('http://127.0.0.1:1/alfresco', { API_PREFIX: 'api/v1' });
    expect((await fetch(`${lost.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${lost.url}/metrics`)).status).toBe(200);
    expect((await fetch(`${lost.url}/api/v1/metrics`)).status).toBe(404);
    await lost.close();
  });

  it('is not there with METRICS=off', async () => {
    const silent = await startBff(sandbox.url, { METRICS: 'off' });
    expect((await fetch(`${silent.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${silent.url}/health/live`)).status).toBe(200);
    await silent.close();
  });

  it('is of this application alone when a process has several', async () => {
    const other = await startBff(sandbox.url);
    await api.status('unknown');
    await value('bff_problems_total', { code: 'DOWNLOAD_NOT_FOUND' }, 1);
    expect(
      (await Scrape.of(other.url)).value('bff_problems_total', { code: 'DOWNLOAD_NOT_FOUND' }),
    ).toBe(0);
    await other.close();
  });

  it('names no caller and no download', async () => {
    const id = await api.make([SAMPLE_NODES.nestedFolder]);
    await api.content(id);
    const { text } = await scrape();
    for (const secret of [id, 'alice', SAMPLE_NODES.nestedFolder]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('requests', () => {
  it('are counted by method, route and status', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    await api.request('GET', `/downloads/${id}/content`);
    await api.request('HEAD', `/downloads/${id}/content`);
    await api.request('DELETE', '/downloads/unknown');
    const count = 'bff_http_request_duration_seconds_count';
    const content = { route: '/downloads/:id/content', status: '200' };
    await value(count, { method: 'POST', route: '/downloads', status: '202' }, 1);
    await value(count, { method: 'GET', ...content }, 1);
    await value(count, { method: 'HEAD', ...content }, 1);
    await value(count, { method: 'DELETE', route: '/downloads/:id', status: '404' }, 1);
  });

  it('of a scanner share one series', async () => {
    const before = (await scrape()).series('bff_http_request_duration_seconds_count').length;
    for (let index = 0; index < 50; index++) {
      await api.request('GET', `/wp-content/${index}.php`);
      await rawRequest(bff.port, { method: 'PROPFIND', path: `/x${index}` });
      await rawRequest(bff.port, { method: 'LINK', path: `/y${index}` });
    }
    const unmatched = { route: 'unmatched', status: '404' };
    const count = 'bff_http_request_duration_seconds_count';
    await value(count, { method: 'GET', ...unmatched }, 50);
    await value(count, { method: '_OTHER', ...unmatched }, 100);
    // Those two, and /metrics itself.
    expect((await scrape()).series(count).length - before).toBeLessThanOrEqual(3);
  });

  it('that end early are told apart', async () => {
    sandbox.fail({ kind: 'hang' }, { path: /\/downloads\// });
    const id = await api.start([SAMPLE_NODES.textFile]);
    const leaving = new AbortController();
    const asked = api
      .request('GET', `/downloads/${id}`, { signal: leaving.signal })
      .catch(() => {});
    await value('bff_http_requests_open', {}, 2);
    leaving.abort();
    await asked;
    const route = '/downloads/:id';
    await value('bff_http_requests_aborted_total', { method: 'GET', route }, 1);
    await value('bff_http_request_duration_seconds_count', { route, status: '499' }, 1);
    await value('bff_http_requests_open', {}, 1);
  });

  it('that are no HTTP are among the problems', async () => {
    await rawBytes(bff.port, 'GET / HTTP/9.9\r\n\r\n');
    await value('bff_problems_total', { code: 'MALFORMED_REQUEST' }, 1);
  });

  it('that carry a ZIP are counted while they run, and so are their bytes', async () => {
    const id = await api.make([SAMPLE_NODES.mediumFile]);
    const url = new URL(`${bff.url}/downloads/${id}/content`);
    const leaving = httpRequest(url, { headers: AS_ALICE }).end();
    const [answer] = (await once(leaving, 'response')) as [IncomingMessage];
    await value('bff_content_streams_open', {}, 1);
    const sent = (await scrape()).value('bff_http_sent_bytes_total', {})!;
    expect(sent).toBeGreaterThan(10_000);
    answer.resume();
    await once(answer, 'end');
    await value('bff_content_streams_open', {}, 0);
    const after = (await scrape()).value('bff_http_sent_bytes_total', {})!;
    expect(after - sent).toBeGreaterThan(10_000_000);
    leaving.destroy();
    expect((await scrape()).value('bff_http_sent_bytes_total', {})).toBeGreaterThan(20_000_000);
  });
});

describe('calls to Alfresco', () => {
  const count = 'bff_upstream_request_duration_seconds_count';

  it('are counted by operation and class of status', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    await api.content(id);
    await value(count, { operation: 'POST /downloads', status: '2xx' }, 1);
    await value(count, { operation: 'GET /nodes/{id}', status: '2xx' }, 1);
    await value(count, { operation: 'GET /nodes/{id}/content', status: '2xx' }, 1);
    await fetch(`${bff.url}/health/ready`);
    await value(count, { operation: 'GET /probes/-ready-', status: '2xx' }, 1);
  });

  it.each([
    [{ kind: 'status', status: 418 }, '4xx'],
    [{ kind: 'status', status: 503 }, '5xx'],
    [{ kind: 'hang' }, 'timeout'],
    [{ kind: 'reset' }, 'unreachable'],
  ] as const)('that fail say how: %o', async (fault, status) => {
    sandbox.fail(fault, { method: 'POST' });
    await api.create([SAMPLE_NODES.textFile]);
    await value(count, { operation: 'POST /downloads', status }, 1);
  });

  it('whose caller leaves are not taken for failures of Alfresco', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'hang' }, { path: /\/content$/ });
    const leaving = new AbortController();
    const path = `/downloads/${id}/content`;
    const asked = api.request('GET', path, { signal: leaving.signal }).catch(() => {});
    await until(
      () => sandbox.requests.at(-1)!.url,
      (url) => url.endsWith('/content'),
    );
    leaving.abort();
    await asked;
    await value(count, { operation: 'GET /nodes/{id}/content', status: 'caller_gone' }, 1);
  });
});

describe('downloads', () => {
  it('are counted by how they end, once', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    for (let again = 0; again < 3; again++) await api.status(id);
    expect((await scrape()).value('bff_downloads_ended_total', { status: 'DONE' })).toBe(1);
  });
});

/** Histograms are three series under one name. */
function baseOf(name: string, metrics: readonly string[]): string {
  return metrics.includes(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
}

describe('what is in deploy/', () => {
  const ALERTS = 'deploy/prometheus/alerts.yml';
  const ALERT_TESTS = 'deploy/prometheus/alerts.test.yml';
  const DASHBOARD = 'deploy/grafana/alfresco-downloads-bff.json';
  /** What Prometheus itself says about each target. */
  const OF_PROMETHEUS = ['up', 'ALERTS'];

  it('has alerts that go off when they should, and only then', (context) => {
    needsTools(context, 'promtool');
    for (const args of [
      ['check', 'rules', ALERTS],
      ['test', 'rules', ALERT_TESTS],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
      expect(stdout + stderr).toContain('SUCCESS');
      expect(status).toBe(0);
    }
  });

  it.each([ALERTS, ALERT_TESTS, DASHBOARD])(
    'names only metrics and labels that exist: %s',
    async (file) => {
      const id = await api.make([SAMPLE_NODES.textFile]);
      await api.content(id);
      const page = await scrape();
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

  it('has a dashboard whose panels all ask something', async () => {
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
