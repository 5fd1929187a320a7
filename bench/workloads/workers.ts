import { MeasuredService } from '../service.ts';
import { Rows, type Table, median } from '../table.ts';
import { Upstream } from '../upstream.process.ts';
import { load } from '../wrk.ts';

const SECONDS = 5;
const WARM_UP_SECONDS = 15;
/** Both cores: the load then takes its share of one of them. */
const CORES = '0,1';

/** W8: what a second process brings on a machine with two cores, which the load has to share. */
export async function workers(rounds: number): Promise<Table> {
  const upstream = await Upstream.start();
  const rows = new Rows();
  try {
    for (const count of [1, 2]) {
      const variables = { WORKERS: String(count) };
      const service = await MeasuredService.start(upstream.alfrescoUrl, variables, CORES);
      const ids = await service.createDownloads(8);
      const paths = ids.map((id) => `/downloads/${id}`);
      await load(service.url, paths, 64, WARM_UP_SECONDS);
      for (let round = 0; round < rounds; round += 1) {
        const { perSecond } = await load(service.url, paths, 64, SECONDS);
        rows.add(`${count} process${count === 1 ? '' : 'es'}`, perSecond);
      }
      await service.stop();
    }
  } finally {
    upstream.stop();
  }
  const [one = [], two = []] = rows.all.map(({ values }) => values);
  const ratio = (median(two) / median(one)).toFixed(2);
  return {
    title: 'W8: 64 clients on 8 downloads, on one and on two processes',
    unit: 'reads a second',
    rows: rows.all,
    notes: [`Two do ${ratio} times what one does, with the load on one of their two cores.`],
  };
}
