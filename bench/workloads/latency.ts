import { pace } from '../pace.ts';
import { Rows, type Table } from '../table.ts';
import { type Target, Targets } from '../targets.ts';
import { Upstream } from '../upstream-process.ts';
import { WARM_UP_SECONDS, load } from '../wrk.ts';

const PER_SECOND = 200;
const SECONDS = 10;
/** What has stood still while others were measured has to find its pace again. */
const RUN_UP_SECONDS = 2;

/** W4: what is added to the time of a response when there is little to do. */
export async function latency(rounds: number): Promise<Table[]> {
  const upstream = await Upstream.start();
  const targets = await Targets.start(upstream);
  const [p50, p99] = [new Rows(), new Rows()];
  try {
    const ids = await targets.service.createDownloads(1000);
    const pathsOf = (target: Target) => ids.map((id) => target.downloadPath(id));
    for (const target of targets.all) {
      // Under full load: at so few requests a second it would take minutes.
      await load(target.url, pathsOf(target), WARM_UP_SECONDS);
    }
    for (let round = 0; round < rounds; round += 1) {
      let direct;
      for (const target of targets.all) {
        await pace(target.url, pathsOf(target), PER_SECOND, RUN_UP_SECONDS);
        const taken = await pace(target.url, pathsOf(target), PER_SECOND, SECONDS);
        direct ??= taken;
        p50.add(target.name, taken.p50 - (direct === taken ? 0 : direct.p50));
        p99.add(target.name, taken.p99 - (direct === taken ? 0 : direct.p99));
      }
    }
  } finally {
    await targets.stop();
    upstream.stop();
  }
  const notes = ['Added to the time of the upstream itself, which stands in its own row as it is.'];
  const title = `W4: status reads, ${PER_SECOND} a second`;
  return [
    { title: `${title}, half of all`, unit: 'ms', rows: p50.all, notes },
    { title: `${title}, 99 of 100`, unit: 'ms', rows: p99.all, notes },
  ];
}
