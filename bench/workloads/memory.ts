import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { startPeer } from '../peer-process.ts';
import { AUTHORIZATION, IMAGE_ENVIRONMENT, MeasuredService, residentBytesOf } from '../service.ts';
import { SERVICE, type Table, mebibytes } from '../table.ts';
import { Upstream } from '../upstream-process.ts';
import { Watcher } from '../watcher.ts';

const WATCHERS = 10_000;
const WATCHED = 50;
const AT_A_TIME = 200;
const STREAMS = 200;
/** The recommendation of `docs/operations.md` where memory matters more than throughput. */
const FRUGAL = '--max-semi-space-size=2';
/** As in the image. */
const USUAL = IMAGE_ENVIRONMENT.NODE_OPTIONS;
const FLOOR = 'node:http, and nothing else';
/** Time for a service to collect garbage, which it does when idle. */
const SETTLING_MS = 5000;
/** Time for a service to return the memory of its start, during which V8 is frugal. */
const REST_MS = 15_000;

/** W5: the memory of a service that nobody uses yet. */
export async function atRest(): Promise<Table> {
  const upstream = await Upstream.start();
  const service = await MeasuredService.start(upstream.alfrescoUrl);
  try {
    await sleep(REST_MS);
    const values = [mebibytes(await service.residentBytes())];
    return { title: 'W5: memory at rest', unit: 'MiB', rows: [{ name: SERVICE, values }] };
  } finally {
    await service.stop();
    upstream.stop();
  }
}

/** W5: the memory of 10,000 watchers, and whether each receives the end. */
export async function watchers(): Promise<Table> {
  const usual = await watched(USUAL);
  const frugal = await watched(FRUGAL);
  return {
    title: `W5: memory of ${WATCHERS.toLocaleString('en')} watchers of ${WATCHED} downloads`,
    unit: 'kB per watcher',
    rows: [
      { name: `${FLOOR}, ${FRUGAL}`, values: [await bare(FRUGAL)] },
      { name: FLOOR, values: [await bare(USUAL)] },
      { name: `${SERVICE}, ${FRUGAL}`, values: [frugal.each] },
      { name: SERVICE, values: [usual.each] },
    ],
    notes: [usual.note, `With \`${FRUGAL}\`: ${frugal.note}`],
  };
}

/** Kilobytes per watcher of a service with these Node.js options. */
async function watched(options: string): Promise<{ each: number; note: string }> {
  const sandbox = await startSandbox({ bytesPerSecond: 0 });
  const service = await MeasuredService.start(sandbox.url, { NODE_OPTIONS: options });
  try {
    const ids: string[] = [];
    while (ids.length < WATCHED) ids.push(await service.createDownload(SAMPLE_NODES.mediumFile));
    await sleep(REST_MS);
    const { all, before, after } = await watch(service.url, service.child.pid!, ids);
    sandbox.clearRequests();
    await sleep(10_000);
    const callRate = sandbox.requests.length / 10 / WATCHED;
    sandbox.bytesPerSecond = undefined;
    const deadline = Date.now() + 60_000;
    while (all.some((watcher) => !watcher.hasEnded) && Date.now() < deadline) await sleep(100);
    const missed = all.filter((watcher) => !watcher.hasEnded).length;
    for (const watcher of all) watcher.stop();
    return {
      each: (after - before) / WATCHERS / 1000,
      note:
        `In all ${mebibytes(after)} MiB; before the first watcher ${mebibytes(before)} MiB. Alfresco is polled ` +
        `${callRate.toFixed(2)} times per second for a download that does not change. Watchers that missed the end: ${missed}.`,
    };
  } finally {
    await service.stop();
    await sandbox.close();
  }
}

/** Opens all streams, and measures the memory of their server before and after. */
async function watch(url: string, pid: number, ids: readonly string[]) {
  const before = await residentBytesOf(pid);
  const all: Watcher[] = [];
  while (all.length < WATCHERS) {
    const batch = Array.from({ length: AT_A_TIME }, (_, i) =>
      Watcher.start(url, ids.at(i % ids.length) ?? ''),
    );
    all.push(...(await Promise.all(batch)));
  }
  await sleep(SETTLING_MS);
  return { all, before, after: await residentBytesOf(pid) };
}

/** The least that an event stream costs, in kilobytes: a socket, a request and a response of Node.js. */
async function bare(options: string): Promise<number> {
  const peer = await startPeer('node-events', '', options);
  const { all, before, after } = await watch(peer.url, peer.pid, ['x']);
  for (const watcher of all) watcher.stop();
  peer.stop();
  return (after - before) / WATCHERS / 1000;
}

/** W5: the memory of ZIPs that are read slowly. */
export async function slowStreams(): Promise<Table> {
  const usual = await slow(USUAL);
  const frugal = await slow(FRUGAL);
  return {
    title: `W5: memory with ${STREAMS} ZIPs that are read slowly`,
    unit: 'MiB in all, peak',
    rows: [
      { name: `${SERVICE}, ${FRUGAL}`, values: [frugal.most] },
      { name: SERVICE, values: [usual.most] },
    ],
    notes: [usual.note, `With \`${FRUGAL}\`: ${frugal.note}`],
  };
}

/** Mebibytes of a service with these Node.js options. */
async function slow(options: string): Promise<{ most: number; note: string }> {
  const upstream = await Upstream.start(1_000_000_000);
  // Enough for all streams: a quarter of the connections is reserved for other calls.
  const service = await MeasuredService.start(upstream.alfrescoUrl, {
    ALFRESCO_MAX_CONNECTIONS: '270',
    NODE_OPTIONS: options,
  });
  try {
    const id = await service.createDownload();
    await sleep(REST_MS);
    const before = await service.residentBytes();
    const readers = Array.from({ length: STREAMS }, () => readSlowly(service.port, id));
    let most = 0;
    for (let second = 0; second < 30; second += 1) {
      await sleep(1000);
      most = Math.max(most, await service.residentBytes());
    }
    const slowest = Math.min(...readers.map(({ bytesRead }) => bytesRead));
    for (const reader of readers) reader.destroy();
    return {
      most: mebibytes(most),
      note: `Before the first stream ${mebibytes(before)} MiB. The slowest caller has read ${mebibytes(slowest)} MiB in 30 s.`,
    };
  } finally {
    await service.stop();
    upstream.stop();
  }
}

/** Reads up to 64 kB every tenth of a second. */
function readSlowly(port: number, id: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `GET /downloads/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION}\r\n\r\n`,
  );
  const timer = setInterval(() => socket.read(), 100);
  socket.once('close', () => clearInterval(timer));
  return socket;
}
