/**
 * What 10,000 watchers cost one process, and whether each of them learns of the end.
 *
 * The service runs in its production configuration in a process of its own, pinned to the first core where `taskset` is
 * there; the stand-in for Alfresco and the watchers run in this one.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../sandbox/sample-nodes.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { AUTHORIZATION, MeasuredService } from './service.ts';

const WATCHERS = Number(process.argv[2] ?? 10_000);
const DOWNLOADS = 50;
const AT_A_TIME = 200;

const sandbox = await startSandbox({ bytesPerSecond: 0 });
const service = await MeasuredService.start(sandbox.url);
try {
  const ids = await startDownloads();
  await settle();
  const before = await service.residentBytes();
  const watchers = await watchAll(ids);
  await settle();
  const after = await service.residentBytes();
  sandbox.clearRequests();
  await sleep(10_000);
  const looks = sandbox.requests.length / 10 / DOWNLOADS;

  sandbox.bytesPerSecond = undefined;
  const deadline = Date.now() + 60_000;
  while (watchers.some(({ text }) => !isLast(text)) && Date.now() < deadline) await sleep(100);
  const missed = watchers.filter(({ text }) => !isLast(text)).length;
  for (const { socket } of watchers) socket.destroy();

  const report = {
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${arch()}`,
    node: process.version,
    watchers: WATCHERS,
    downloads: DOWNLOADS,
    residentMiBBefore: mebibytes(before),
    residentMiBWatched: mebibytes(after),
    kilobytesPerWatcher: Number(((after - before) / WATCHERS / 1000).toFixed(1)),
    looksPerSecondAndDownload: Number(looks.toFixed(2)),
    missedLastEvents: missed,
  };
  console.log(report);
  const file = join(import.meta.dirname, 'watchers.json');
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  if (missed > 0) process.exitCode = 1;
} finally {
  await service.stop();
  await sandbox.close();
}

async function startDownloads(): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < DOWNLOADS; i++) {
    const answer = await fetch(`${service.url}/downloads`, {
      method: 'POST',
      headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
      body: JSON.stringify({ nodeIds: [SAMPLE_NODES.mediumFile] }),
    });
    ids.push(((await answer.json()) as { entry: { id: string } }).entry.id);
  }
  return ids;
}

interface Watcher {
  readonly socket: Socket;
  text: string;
}

async function watchAll(ids: readonly string[]): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  while (watchers.length < WATCHERS) {
    const count = Math.min(AT_A_TIME, WATCHERS - watchers.length);
    const batch = Array.from({ length: count }, (_, i) => watch(ids.at(i % ids.length)!));
    watchers.push(...(await Promise.all(batch)));
  }
  return watchers;
}

async function watch(id: string): Promise<Watcher> {
  const socket = connect(service.port, '127.0.0.1');
  const watcher: Watcher = { socket, text: '' };
  socket.on('error', () => {});
  socket.write(
    `GET /downloads/${id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${AUTHORIZATION}\r\n\r\n`,
  );
  // What came before is of no use, and 10,000 copies of it would be this process's own weight.
  socket.on(
    'data',
    (chunk: Buffer) => (watcher.text = (watcher.text + chunk.toString()).slice(-500)),
  );
  while (!watcher.text.includes('event: ')) await once(socket, 'data');
  return watcher;
}

function isLast(text: string): boolean {
  return text.includes('event: done');
}

/** Lets the service collect its garbage; it does so by itself once it has nothing else to do. */
async function settle(): Promise<void> {
  await sleep(5000);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
