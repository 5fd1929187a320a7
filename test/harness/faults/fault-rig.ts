import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROBLEMS } from '#service/problems/problem.catalogue.js';
import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { DownloadsApi } from '../api.js';
import { FaultProxy } from '../fault-proxy.js';
import { leaksIn } from '../leaks.js';
import { until } from '../polling.js';
import { ServiceProcess } from '../service-process.js';
import type { FaultRow, Outcome } from './faults.js';
import type { Route } from './routes.js';

/** For what ends by itself: time enough for all repetitions, on a busy machine as well. */
const PATIENT = { ALFRESCO_TIMEOUT_MS: '5000', ALFRESCO_IDLE_TIMEOUT_MS: '5000' };
/** For what ends by a limit. */
const HASTY = {
  ALFRESCO_CONNECT_TIMEOUT_MS: '300',
  ALFRESCO_TIMEOUT_MS: '300',
  ALFRESCO_IDLE_TIMEOUT_MS: '400',
};
/** Beyond all limits above, two calls and the healing of a ZIP included, on a busy machine as well. */
const MOST_MS = 5000;
/** Of hundreds of requests each would leave something behind. */
const A_FEW = 5;

/** The built service twice, patient and hasty, with one store; and between it and Alfresco a proxy that misbehaves. */
export class FaultRig {
  private id = '';
  /** A download that still runs, for routes that are about one. */
  private running?: string;
  private zip: Buffer = Buffer.alloc(0);
  private atRest = { connections: 0, descriptors: 0, transfers: 0 };

  private constructor(
    readonly sandbox: Sandbox,
    readonly proxy: FaultProxy,
    private readonly directory: string,
    private readonly patient: ServiceProcess,
    private readonly hasty: ServiceProcess,
  ) {}

  static async start(
    options: SandboxOptions = {},
    variables: Record<string, string> = {},
  ): Promise<FaultRig> {
    const sandbox = await startSandbox(options);
    const proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
    const url = new URL(sandbox.url);
    url.port = String(proxy.port);
    const directory = mkdtempSync(join(tmpdir(), 'faults-'));
    const start = (limits: Record<string, string>) =>
      ServiceProcess.start(url.href, { ...storeIn(directory), ...variables, ...limits });
    const rig = new FaultRig(sandbox, proxy, directory, await start(PATIENT), await start(HASTY));
    for (const service of rig.services) await rig.recover(apiOf(service));
    rig.atRest = rig.held();
    return rig;
  }

  /** Another service with the same store, before an Alfresco at this address. */
  startElsewhere(alfrescoUrl: string): Promise<ServiceProcess> {
    return ServiceProcess.start(alfrescoUrl, { ...storeIn(this.directory), ...HASTY });
  }

  /** A request to a service, for a download that exists. */
  async request(route: Route, service: ServiceProcess = this.patient): Promise<Response> {
    return route.call(apiOf(service), this.running ?? this.id);
  }

  /** Makes a request while something is wrong, checks what comes of it, and that the next ones succeed again. */
  async tryOut([, begin, outcomes]: FaultRow, route: Route): Promise<void> {
    const service = outcomes.json === 'ALFRESCO_TIMEOUT' ? this.hasty : this.patient;
    // Leaves a connection behind that may be used again.
    await apiOf(service).status(this.id);
    this.running = route.isOfRunning ? await apiOf(service).startStuck() : undefined;
    this.proxy.heard.length = 0;
    const end = await begin(this, route);
    const start = performance.now();
    const answer = await this.request(route, service);
    const body = Buffer.from(await answer.arrayBuffer());
    const took = performance.now() - start;
    await end?.();
    this.clear();

    expect(took).toBeLessThan(MOST_MS);
    if (route.isOnce) expect(this.countOf(route)).toBeLessThanOrEqual(1);
    this.expectOutcome(outcomeOf(outcomes, route), route, answer, body);
    await this.recover(apiOf(service));
  }

  /** How often Alfresco heard the request of a route. */
  countOf({ upstream: { method, path } }: Route): number {
    const pattern = new RegExp(`^${method} \\S*${path.source}`);
    return this.proxy.heard.filter((line) => pattern.test(line)).length;
  }

  /** Fails when something is left of what was tried out: connections, descriptors, transfers, warnings, secrets. */
  async expectNothingLeft(): Promise<void> {
    await until(
      () => this.held(),
      ({ connections, descriptors, transfers }) =>
        transfers === 0 &&
        connections <= this.atRest.connections + A_FEW &&
        descriptors <= this.atRest.descriptors + A_FEW,
    );
    for (const { text } of this.services) {
      expect(text).not.toMatch(/Warning|unhandled|uncaught/i);
      expect(text).not.toContain('INTERNAL_ERROR');
      expect(leaksIn(text)).toEqual([]);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.proxy.close();
    await this.sandbox.close();
    rmSync(this.directory, { recursive: true });
  }

  private get services(): ServiceProcess[] {
    return [this.patient, this.hasty];
  }

  private clear(): void {
    this.proxy.clear();
    this.sandbox.clearFaults();
  }

  /** A success of each kind, with a new download if the last one was removed. */
  private async recover(api: DownloadsApi): Promise<void> {
    const answer = this.id === '' ? undefined : await api.request('GET', `/downloads/${this.id}`);
    if (answer?.ok !== true) this.id = await api.make([SAMPLE_NODES.nestedFolder]);
    expect((await api.request('DELETE', `/downloads/${this.id}`)).status).toBe(202);
    this.zip = await api.content(this.id);
  }

  private expectOutcome(outcome: Outcome, route: Route, answer: Response, body: Buffer): void {
    if (outcome === 'served') {
      expect(answer.ok).toBe(true);
      if (route.kind === 'content') {
        expect(body.equals(this.zip.subarray(answer.status === 206 ? 1 : 0))).toBe(true);
      }
      return;
    }
    expect(answer.status).toBe(PROBLEMS[outcome].status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(leaksIn([...answer.headers].join('\n'))).toEqual([]);
    if (route.name.startsWith('HEAD')) return;
    expect(JSON.parse(body.toString())).toMatchObject({ code: outcome });
    expect(leaksIn(body.toString())).toEqual([]);
  }

  private held() {
    const descriptors = this.services.map(
      ({ child }) => readdirSync(`/proc/${child.pid}/fd`).length,
    );
    return {
      connections: this.proxy.openConnections + this.sandbox.openConnections,
      descriptors: Math.max(...descriptors),
      transfers: this.sandbox.activeResponses,
    };
  }
}

function storeIn(directory: string): Record<string, string> {
  return {
    STORE_URL: `sqlite:${join(directory, 'downloads.db')}`,
    LOG_LEVEL: 'log',
    STATUS_FRESHNESS_MS: '0',
  };
}

function apiOf({ url }: ServiceProcess): DownloadsApi {
  return DownloadsApi.ofBff(url!);
}

function outcomeOf(outcomes: FaultRow[2], { kind }: Route): Outcome {
  if (kind === 'none') return 'served';
  if (kind === 'probe') {
    return outcomes.probe ?? (outcomes.json === 'served' ? 'served' : 'ALFRESCO_UNAVAILABLE');
  }
  return outcomes[kind] ?? outcomes.json;
}
