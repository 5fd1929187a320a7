import { setTimeout as sleep } from 'node:timers/promises';
import { READS_PER_SECOND, cpuPerRead } from '../cpu-time.ts';
import { FLOORS } from '../peer-process.ts';
import { Rows, SERVICE, type Table, median } from '../table.ts';
import { Targets } from '../targets.ts';
import { Upstream } from '../upstream-process.ts';
import { WARM_UP_SECONDS, load } from '../wrk.ts';

/** The downloads of W1. */
export const DISTINCT = 10_000;
/** The downloads of W2. */
export const SHARED = 8;
const SECONDS = 5;
const SETTLING_MS = 500;

/** W1: so many downloads that none is read twice within STATUS_FRESHNESS_MS. */
export function distinct(rounds: number): Promise<Table[]> {
  return readStatuses('W1: status reads of 10,000 downloads', DISTINCT, rounds);
}

/** W2: the load of many tabs of a few users. Few reads reach Alfresco. */
export function shared(rounds: number): Promise<Table[]> {
  return readStatuses('W2: status reads of 8 downloads', SHARED, rounds);
}

async function readStatuses(title: string, downloads: number, rounds: number): Promise<Table[]> {
  const upstream = await Upstream.start();
  const targets = await Targets.start(upstream, FLOORS);
  const rates = new Rows();
  const costs = new Rows();
  const asked: number[] = [];
  const shares: number[] = [];
  const failures: string[] = [];
  try {
    const ids = await targets.service.createDownloads(downloads);
    for (let round = -1; round < rounds; round += 1) {
      for (const target of targets.all) {
        // The previous target may still be polling for disconnected readers.
        await sleep(SETTLING_MS);
        const before = await upstream.requests();
        const paths = ids.map((id) => target.downloadPath(id));
        const rate = await load(target.url, paths, round < 0 ? WARM_UP_SECONDS : SECONDS);
        if (rate.failed > 0) failures.push(`${rate.failed} of ${target.name}`);
        // The first round is a warm-up.
        if (round < 0) continue;
        rates.add(target.name, rate.perSecond);
        if (target.name === SERVICE) {
          const calls = (await upstream.requests()) - before;
          asked.push(calls);
          shares.push((100 * calls) / (rate.perSecond * SECONDS));
        }
        await sleep(SETTLING_MS);
        costs.add(target.name, await cpuPerRead(target.pid, target.url, paths));
      }
    }
  } finally {
    await targets.stop();
    upstream.stop();
  }
  const perDownload = median(asked) / SECONDS / downloads;
  return [
    {
      title: `${title}, 64 connections`,
      unit: 'reads per second',
      rows: rates.all,
      compared: SERVICE,
      notes: [
        `Of the reads of this service, ${median(shares).toFixed(1)} % reached Alfresco: ` +
          `${perDownload.toFixed(2)} calls per second for each download. Failed responses: ${failures.join(', ') || 'none'}.`,
      ],
    },
    {
      title: `${title}, ${READS_PER_SECOND} per second`,
      unit: 'us of CPU time per read',
      rows: costs.all,
      compared: SERVICE,
    },
  ];
}
