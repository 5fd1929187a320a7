import { MeasuredService } from '../service.ts';
import { Rows, type Table, median } from '../table.ts';
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
      targets.push({ name, url: service.url, paths: ids.map((id) => `/downloads/${id}`) });
    }
    for (const { url, paths } of targets) await load(url, paths, WARM_UP_SECONDS);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, url, paths } of targets) {
        rows.add(name, (await load(url, paths, SECONDS)).perSecond);
      }
    }
  } finally {
    for (const service of services) await service.stop();
    upstream.stop();
  }
  const [one = [], two = []] = rows.all.map(({ values }) => values);
  const ratio = median(two.map((rate, round) => rate / (one[round] ?? NaN))).toFixed(2);
  return {
    title: 'W8: 64 clients on 8 downloads, on one and on two processes',
    unit: 'reads per second',
    rows: rows.all,
    notes: [
      `Two handle ${ratio} times as many reads as one, with the load on one of their two cores.`,
    ],
  };
}
