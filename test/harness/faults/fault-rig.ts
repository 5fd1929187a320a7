import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpstreamEvents } from '#service/alfresco/http/upstream-call.js';
import { PROBLEMS } from '#service/problems/problem-catalogue.js';
import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { DownloadsApi } from '../api.js';
import { type Bff, startBff } from '../bff.js';
import { FaultProxy } from '../fault-proxy.js';
import { leaksIn } from '../leaks.js';
import { until } from '../polling.js';
import { ServiceProcess } from '../service-process.js';
import type { Upstream } from './faults.js';
import type { Cell } from './matrix.js';
import type { Route } from './routes.js';

/** For faults that end by themselves: enough time for all retries, even on a busy machine. Only a stalled ZIP uses it up. */
const GENEROUS_LIMITS = { ALFRESCO_TIMEOUT_MS: '5000', ALFRESCO_IDLE_TIMEOUT_MS: '1500' };
/** For faults that only a timeout ends. */
const STRICT_LIMITS = {
  ALFRESCO_CONNECT_TIMEOUT_MS: '150',
  ALFRESCO_TIMEOUT_MS: '150',
  ALFRESCO_IDLE_TIMEOUT_MS: '150',
};
const QUICK = { firstMs: 5, longestMs: 20 };
const PACING = {
  retry: QUICK,
  resume: QUICK,
  breaker: QUICK,
  // So that a status read of a finished download calls Alfresco, too.
  polling: { finalFreshnessMs: 0 },
  health: { rememberMs: 0 },
};
/** More than all limits above, for two calls and resuming a ZIP, even on a busy machine. */
const MAX_RESPONSE_MS = 5000;
/** Tolerated difference: a leak would show once for each of hundreds of requests. */
const A_FEW = 5;

/** Two services with generous and strict timeouts that share a store, behind a proxy that injects faults. */
export class FaultRig implements Upstream {
  private id = '';
  /** A running download, for routes that need one. */
  private running?: string;
  private zip: Buffer = Buffer.alloc(0);
  private log = '';
  private readonly services: Bff[] = [];
  private atRest = { connections: 0, descriptors: 0, transfers: 0 };
  private readonly onWarning = (warning: Error) => (this.log += `${warning.stack}\n`);

  private constructor(
    readonly sandbox: Sandbox,
    readonly proxy: FaultProxy,
    private readonly directory: string,
  ) {}

  static async start(
    options: SandboxOptions = {},
    variables: Record<string, string> = {},
  ): Promise<FaultRig> {
    const sandbox = await startSandbox({ estimateDelayMs: 1, ...options });
    const proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
    const rig = new FaultRig(sandbox, proxy, mkdtempSync(join(tmpdir(), 'faults-')));
    process.on('warning', rig.onWarning);
    const url = new URL(sandbox.url);
    url.port = String(proxy.port);
    for (const limits of [GENEROUS_LIMITS, STRICT_LIMITS]) {
      const all = { ...rig.store(), ...variables, ...limits };
      const onLine = (line: string) => (rig.log += line);
      rig.services.push(await startBff(url.href, all, { onLine, pacing: PACING }));
    }
    await rig.recover(rig.generous);
    await rig.recover(rig.strict);
    rig.atRest = rig.heldResources();
    return rig;
  }

  /** Another service with the same store, in a child process, in front of the Alfresco at this address. */
  startInFrontOf(alfrescoUrl: string): Promise<ServiceProcess> {
    return ServiceProcess.start(alfrescoUrl, {
      LOG_LEVEL: 'log',
      ...this.store(),
      ...STRICT_LIMITS,
    });
  }

  onRetry(listener: () => void): () => void {
    const emitters = this.services.map(({ app }) => app.get(UpstreamEvents));
    for (const emitter of emitters) emitter.on('retry', listener);
    return () => emitters.forEach((emitter) => emitter.off('retry', listener));
  }

  /** A request to a service, for a download that exists. */
  async request(route: Route, service: { readonly url?: string } = this.generous) {
    return route.call(apiOf(service), this.running ?? this.id);
  }

  /** Makes a request during a fault, checks its outcome, and checks that later requests succeed. */
  async check(cell: Cell): Promise<void> {
    const { fault, route } = cell;
    const service = isEndedByLimit(cell) ? this.strict : this.generous;
    // Leaves an idle connection that the next request may reuse.
    await apiOf(service).status(this.id);
    this.running = route.needsRunningDownload ? await apiOf(this.generous).startStuck() : undefined;
    this.proxy.requestLines.length = 0;
    const end = await fault.begin(this, route);
    const start = performance.now();
    let response: Response;
    let body: Buffer;
    let took: number;
    try {
      response = await this.request(route, service);
      body = Buffer.from(await response.arrayBuffer());
      took = performance.now() - start;
    } finally {
      await end?.();
      this.clear();
    }

    expect(took).toBeLessThan(MAX_RESPONSE_MS);
    // With another ticket after a 401: Alfresco authenticates before it does anything (RepositoryContainer).
    const most = fault.outcomes.json === 'ALFRESCO_CREDENTIALS_REJECTED' ? 2 : 1;
    if (route.isNeverRetried) expect(this.countOf(route)).toBeLessThanOrEqual(most);
    this.expectOutcome(cell, response, body);
    await this.recover(service);
  }

  /** Fails if the faults left anything behind: connections, descriptors, transfers, warnings, secrets. */
  async expectNothingLeft(): Promise<void> {
    await until(
      () => this.heldResources(),
      ({ connections, descriptors, transfers }) =>
        transfers === 0 &&
        connections <= this.atRest.connections + A_FEW &&
        descriptors <= this.atRest.descriptors + A_FEW,
    );
    expect(this.log).toContain('"level":');
    expect(this.log).not.toMatch(/Warning|unhandled|uncaught/i);
    expect(this.log).not.toContain('INTERNAL_ERROR');
    expect(leaksIn(this.log)).toEqual([]);
  }

  async close(): Promise<void> {
    await Promise.all(this.services.map((service) => service.close()));
    await this.proxy.close();
    await this.sandbox.close();
    process.off('warning', this.onWarning);
    rmSync(this.directory, { recursive: true });
  }

  private get generous(): Bff {
    return this.services[0]!;
  }

  private get strict(): Bff {
    return this.services[1]!;
  }

  private store(): Record<string, string> {
    const STORE_URL = `sqlite:${join(this.directory, 'downloads.db')}`;
    return { STORE_URL, STATUS_FRESHNESS_MS: '0' };
  }

  /** How often Alfresco received the request of a route. */
  private countOf({ upstream: { method, path } }: Route): number {
    const pattern = new RegExp(`^${method} \\S*${path.source}`);
    return this.proxy.requestLines.filter((line) => pattern.test(line)).length;
  }

  private clear(): void {
    this.proxy.clear();
    this.sandbox.clearFaults();
    this.sandbox.clearRequests();
  }

  /** Checks one success of each kind, with a new download if the last one was removed. */
  private async recover(service: Bff): Promise<void> {
    const isThere =
      this.id !== '' && (await this.recovered(service, 'GET', `/downloads/${this.id}`)).ok;
    if (!isThere) this.id = await apiOf(this.generous).createFinished([SAMPLE_NODES.nestedFolder]);
    const cancelled = await this.recovered(service, 'DELETE', `/downloads/${this.id}`);
    expect(cancelled.status).toBe(202);
    const content = await this.recovered(service, 'GET', `/nodes/${this.id}/content`);
    expect(content.status).toBe(200);
    this.zip = content.body;
  }

  /** The response after the fault. On a busy machine the strict service, and only that one, may time out meanwhile. */
  private recovered(service: Bff, method: string, path: string) {
    const request = async () => {
      const response = await apiOf(service).request(method, path);
      const { ok, status } = response;
      return { ok, status, body: Buffer.from(await response.arrayBuffer()) };
    };
    if (service === this.generous) return request();
    const cutOff = { ok: false, status: 504, body: Buffer.alloc(0) };
    return until(
      () => request().catch(() => cutOff),
      ({ status }) => status !== 503 && status !== 504,
    );
  }

  private expectOutcome({ outcome, route }: Cell, response: Response, body: Buffer): void {
    if (outcome === 'served') {
      expect(response.ok).toBe(true);
      if (route.kind === 'content') {
        expect(body.equals(this.zip.subarray(response.status === 206 ? 1 : 0))).toBe(true);
      }
      return;
    }
    expect(response.status).toBe(PROBLEMS[outcome].status);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(leaksIn([...response.headers].join('\n'))).toEqual([]);
    if (route.name.startsWith('HEAD')) return;
    expect(JSON.parse(body.toString())).toMatchObject({ code: outcome });
    expect(leaksIn(body.toString())).toEqual([]);
  }

  private heldResources() {
    return {
      connections: this.proxy.openConnections + this.sandbox.openConnections,
      descriptors: openDescriptors(),
      transfers: this.sandbox.activeResponses,
    };
  }
}

/** Linux only. */
function openDescriptors(): number {
  const directory = '/proc/self/fd';
  return existsSync(directory) ? readdirSync(directory).length : 0;
}

function apiOf({ url }: { readonly url?: string }): DownloadsApi {
  return DownloadsApi.ofBff(url!);
}

function isEndedByLimit({ fault, route, outcome }: Cell): boolean {
  const isProbe = route.kind === 'probe' && fault.outcomes.json === 'ALFRESCO_TIMEOUT';
  return outcome === 'ALFRESCO_TIMEOUT' || isProbe;
}
