/**
 * Mixed load with aborts for some minutes, after which the process must not use more resources than after a little load,
 * idle both times. With `hostile`, a tenth of the clients are hostile; the response times of status reads are compared
 * with those in periods without them, one after each sample.
 *
 *     npm run bench:soak -- 10 [hostile]
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { arch, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Agent, type Response, fetch, setGlobalDispatcher } from 'undici';
import { SAMPLE_NODES } from '../sandbox/sample-nodes.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import type { Target } from './hostile-peers.ts';
import { AUTHORIZATION, MeasuredService } from './service.ts';
import type { WatchedStatus } from './status-watcher.ts';

const MINUTES = Number(process.argv[2] ?? 10);
const IS_HOSTILE = process.argv[3] === 'hostile';
/** A tenth of 24 callers. */
const HOSTILE_PEERS = 3;
/** Minutes without them, divided over the samples so that both periods see the same machine. */
const PEACE = 3;
/** One every half minute, between which the load pauses. */
const SAMPLES = Math.max(1, Math.round(MINUTES * 2));
const WORKERS = 24;
/**
 * Alfresco keeps idle connections for 20 seconds without announcing it, and the service closes them after 4; the
 * last removals use some for a few seconds after the end of the load.
 */
const SETTLING_MS = 30_000;
/** The allowed differences between two idle samples: buffers, and the records of the latest downloads. */
const SLACK = { openFiles: 5, alfrescoConnections: 0, heapMiB: 10 };

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'garbage-preload.ts')).href;

const NODES = [
  [SAMPLE_NODES.projectsFolder],
  [SAMPLE_NODES.mediumFile],
  [SAMPLE_NODES.textFile, SAMPLE_NODES.unicodeFile],
  [SAMPLE_NODES.emptyFolder],
  [SAMPLE_NODES.crashingFile],
];

/** The sessions of a caller, run in turn; every third is aborted. */
const VISITS = [watchAndSave, deliver, longPoll, cancel, ask, blunder];

/** Hostile clients that can be switched on and off, and the response times of a status read with and without them. */
class Hostility {
  private readonly waits = { peace: [] as number[], hostile: [] as number[] };
  private readonly peers: Worker;
  private readonly watcher: Worker;

  private constructor(target: Target, watched: WatchedStatus) {
    this.peers = new Worker(new URL('./hostile-peers.ts', import.meta.url), {
      workerData: { target, count: HOSTILE_PEERS },
    });
    this.watcher = new Worker(new URL('./status-watcher.ts', import.meta.url), {
      workerData: watched,
    });
  }

  static async prepare(): Promise<Hostility> {
    const never = new AbortController().signal;
    const make = async (nodeId: string): Promise<string> => {
      const made = await post('/downloads', [nodeId], never);
      return ((await made.json()) as { entry: { id: string } }).entry.id;
    };
    const path = `/downloads/${await make(SAMPLE_NODES.mediumFile)}/request-direct-access-url`;
    const response = await request(path, never, { method: 'POST' });
    const { contentUrl } = ((await response.json()) as { entry: { contentUrl: string } }).entry;
    const { pathname, search } = new URL(contentUrl);
    const port = Number(new URL(service.url).port);
    const url = `${service.url}/downloads/${await make(SAMPLE_NODES.textFile)}`;
    return new Hostility(
      { port, linkPath: pathname + search, authorization: AUTHORIZATION },
      { url, authorization: AUTHORIZATION },
    );
  }

  async during(work: () => Promise<void>): Promise<void> {
    this.peers.postMessage('start');
    await this.watched('hostile', work);
    this.peers.postMessage('stop');
    await once(this.peers, 'message');
  }

  async without(work: () => Promise<void>): Promise<void> {
    await this.watched('peace', work);
  }

  async end() {
    await this.peers.terminate();
    await this.watcher.terminate();
    const { peace, hostile } = this.waits;
    return { peace: percentiles(peace), hostile: percentiles(hostile) };
  }

  private async watched(time: 'peace' | 'hostile', work: () => Promise<void>): Promise<void> {
    this.watcher.postMessage('start');
    await work();
    this.watcher.postMessage('stop');
    const [waits] = (await once(this.watcher, 'message')) as [number[]];
    this.waits[time].push(...waits);
  }
}

// Otherwise the load's own connections, which the service keeps for over a minute, would count as a leak.
setGlobalDispatcher(new Agent({ keepAliveMaxTimeout: 4000 }));
const sandbox = await startSandbox({ bytesPerSecond: 40_000_000 });
const service = await MeasuredService.start(sandbox.url, {
  // How long the service tracks removed downloads whose jobs have crashed.
  STALL_AFTER_MS: '5000',
  NODE_OPTIONS: `--expose-gc --import ${PRELOAD}`,
});
const counts = { visits: 0, left: 0, unexpected: 0 };
try {
  await run(0.25);
  const first = await idleSample();
  const hostility = IS_HOSTILE ? await Hostility.prepare() : undefined;
  const samples = [];
  for (let i = 0; i < SAMPLES; i++) {
    await (hostility ? hostility.during(() => run(MINUTES / SAMPLES)) : run(MINUTES / SAMPLES));
    samples.push(await sample());
    console.log(samples.at(-1));
    await hostility?.without(() => run(PEACE / SAMPLES));
  }
  const latency = await hostility?.end();
  const last = await idleSample();
  const grown = Object.entries(SLACK)
    .map(([what, slack]) => [what, slack, growth(first, last, what as keyof typeof SLACK)] as const)
    // Not `>`: values that could not be measured must fail.
    .filter(([, slack, more]) => !(more <= slack))
    .map(([what, , more]) => `${what} by ${more}`);
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${arch()}`;
  const report = {
    machine,
    node: process.version,
    minutes: MINUTES,
    counts,
    latency,
    first,
    last,
    samples,
  };
  console.log({ first, last, counts, latency });
  const file = IS_HOSTILE ? 'soak-hostile.json' : 'soak.json';
  await writeFile(join(import.meta.dirname, file), `${JSON.stringify(report, null, 2)}\n`);
  console.log(grown.length > 0 ? `GREW: ${grown.join(', ')}` : 'Flat.');
  if (counts.unexpected > 0 || grown.length > 0) process.exitCode = 1;
} finally {
  await service.stop();
  await sandbox.close();
}

function percentiles(waits: readonly number[]) {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)]! * 10) / 10;
  return { reads: waits.length, p50: at(0.5), p99: at(0.99), longest: at(1 - 1 / sorted.length) };
}

async function run(minutes: number): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  const worker = async (offset: number) => {
    for (let i = offset; Date.now() < end; i++) await visit(i);
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, i) => worker(i)));
}

async function visit(turn: number): Promise<void> {
  const abort = new AbortController();
  const leaves = turn % 3 === 0;
  const timer = leaves ? setTimeout(() => abort.abort(), Math.random() * 400) : undefined;
  counts.visits += 1;
  try {
    await VISITS.at(turn % VISITS.length)!(NODES.at(turn % NODES.length)!, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) counts.left += 1;
    else {
      counts.unexpected += 1;
      console.error(error);
    }
  } finally {
    clearTimeout(timer);
  }
}

interface Init {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function request(path: string, signal: AbortSignal, init: Init = {}): Promise<Response> {
  return fetch(service.url + path, {
    ...init,
    signal,
    headers: { authorization: AUTHORIZATION, ...init.headers },
  });
}

function post(path: string, nodeIds: readonly string[], signal: AbortSignal): Promise<Response> {
  return request(path, signal, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nodeIds }),
  });
}

/** Creates a download and removes it at the end, even after an abort. */
async function withDownload(
  nodeIds: readonly string[],
  signal: AbortSignal,
  use: (id: string) => Promise<void>,
): Promise<void> {
  const response = await post('/downloads', nodeIds, AbortSignal.timeout(60_000));
  const { entry } = (await response.json()) as { entry: { id: string } };
  try {
    signal.throwIfAborted();
    await use(entry.id);
  } finally {
    const removal = AbortSignal.timeout(60_000);
    await (await request(`/nodes/${entry.id}`, removal, { method: 'DELETE' })).arrayBuffer();
  }
}

async function watchAndSave(nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
  await withDownload(nodeIds, signal, async (id) => {
    // A crashed job never ends.
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
    const events = await request(`/downloads/${id}/events`, deadline);
    await events.text().catch(() => {});
    signal.throwIfAborted();
    await (await request(`/downloads/${id}/content`, signal)).arrayBuffer();
  });
}

async function deliver(nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
  const response = await post('/downloads/content', nodeIds, deadline).catch(() => undefined);
  await response?.arrayBuffer().catch(() => {});
}

async function longPoll(nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
  await withDownload(nodeIds, signal, async (id) => {
    for (let i = 0; i < 5; i++) {
      const headers = { prefer: 'wait=1' };
      await (await request(`/downloads/${id}`, signal, { headers })).arrayBuffer();
    }
  });
}

async function cancel(nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
  await withDownload(nodeIds, signal, async (id) => {
    const path = `/downloads/${id}?purge=true`;
    await (await request(path, signal, { method: 'DELETE' })).arrayBuffer();
  });
}

async function ask(_nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
  for (const path of ['/downloads', '/health/ready', '/docs/openapi.json', '/health/live']) {
    await (await request(path, signal)).arrayBuffer();
  }
}

async function blunder(_nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
  for (const nodeIds of [[], ['nope'], [SAMPLE_NODES.forbiddenFile], ['..']]) {
    await (await post('/downloads', nodeIds, signal)).arrayBuffer();
  }
}

/** A sample after idle connections have been closed and garbage has been collected. */
async function idleSample(): Promise<Sample> {
  await sleep(SETTLING_MS);
  service.child.kill('SIGUSR2');
  await sleep(2000);
  return sample();
}

function growth(first: Sample, last: Sample, what: keyof typeof SLACK): number {
  return last[what] - first[what];
}

type Sample = Awaited<ReturnType<typeof sample>>;

async function sample() {
  const metrics = await fetch(`${service.url}/metrics`).then((response) => response.text());
  const valueOf = (name: string) => {
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  return {
    residentMiB: Math.round((await service.residentBytes()) / 1024 / 1024),
    heapMiB: Math.round((valueOf('nodejs_heap_size_used_bytes') ?? NaN) / 1024 / 1024),
    handles: [...metrics.matchAll(/^nodejs_active_resources\{.*\} (\d+)$/gm)]
      .map(([, count]) => Number(count))
      .reduce((sum, count) => sum + count, 0),
    watchers: valueOf('bff_event_watchers_open'),
    streams: valueOf('bff_content_streams_open'),
    openFiles: await service.openFiles(),
    alfrescoConnections: sandbox.openConnections,
    visits: counts.visits,
  };
}
