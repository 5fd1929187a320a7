import { cpus } from 'node:os';
import { cpuSecondsOf } from '../cpu-time.ts';
import { MeasuredService } from '../service.ts';
import { type Row, Rows, type Table, median, ratioOf } from '../table.ts';
import { Upstream } from '../upstream-process.ts';
import { WARM_UP_SECONDS, load } from '../wrk.ts';

const SECONDS = 5;
/** Both cores, one of which is shared with the load. */
const CORES = '0,1';

/** W8: the gain of a second process on a machine with two cores, shared with the load. */
export async function workers(rounds: number): Promise<Table> {
  const upstream = await Upstream.start();
  const services: MeasuredService[] = [];
  const rows = new Rows();
  const own = new Rows();
  const others = new Rows();
  try {
    const targets = [];
    for (const count of [1, 2]) {
      const variables = { WORKERS: String(count) };
      const service = await MeasuredService.start(upstream.alfrescoUrl, variables, {
        cores: CORES,
      });
      services.push(service);
      const ids = await service.createDownloads(8);
      const name = `${count} process${count === 1 ? '' : 'es'}`;
      const { url, child } = service;
      targets.push({ name, url, pid: child.pid!, paths: ids.map((id) => `/downloads/${id}`) });
    }
    for (const { url, paths } of targets) await load(url, paths, WARM_UP_SECONDS);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, url, pid, paths } of targets) {
        const ownBefore = await cpuSecondsOf(pid);
        const busyBefore = busySeconds();
        const { perSecond } = await load(url, paths, SECONDS);
        const ownSeconds = (await cpuSecondsOf(pid)) - ownBefore;
        const perRead = 1e6 / (perSecond * SECONDS);
        rows.add(name, perSecond);
        own.add(name, ownSeconds * perRead);
        others.add(name, (busySeconds() - busyBefore - ownSeconds) * perRead);
      }
    }
  } finally {
    for (const service of services) await service.stop();
    upstream.stop();
  }
  const [one, two] = rows.all as [Row, Row];
  const [ownOfOne = NaN, ownOfTwo = NaN] = own.all.map(({ values }) => median(values));
  const [othersOfOne = NaN] = others.all.map(({ values }) => median(values));
  const most = (2 * ownOfOne) / (ownOfOne + othersOfOne);
  return {
    title: 'W8: 64 clients on 8 downloads, on one and on two processes',
    unit: 'reads per second',
    rows: rows.all,
    notes: [
      `Two handle ${ratioOf(two, one).toFixed(2)} times as many reads as one, with the load on one of their two cores.`,
      `A read takes ${ownOfOne.toFixed(1)} us of CPU time of one process, ${ownOfTwo.toFixed(1)} us of two, and ` +
        `${othersOfOne.toFixed(1)} us of the load and all else: at the cost of one process, two cores could handle at most ` +
        `${most.toFixed(2)} times as many reads as the one that it uses.`,
    ],
  };
}

/** CPU time that the whole machine has used. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + (times.user + times.sys + times.irq) / 1000, 0);
}
