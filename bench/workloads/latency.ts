import { pace } from '../pace.ts';
import { Rows, type Table } from '../table.ts';
import { type Target, Targets } from '../targets.ts';
import { Upstream } from '../upstream-process.ts';
import { WARM_UP_SECONDS, load } from '../wrk.ts';

const PER_SECOND = 200;
const SECONDS = 10;
/** A target slows down while it is idle and others are measured. */
const RUN_UP_SECONDS = 2;

/** W4: the latency added at low load. */
export async function latency(rounds: number): Promise<Table[]> {
  const upstream = await Upstream.start();
  const targets = await Targets.start(upstream);
  const [p50, p99] = [new Rows(), new Rows()];
  try {
    const ids = await targets.service.createDownloads(1000);
    const pathsOf = (target: Target) => ids.map((id) => target.downloadPath(id));
    for (const target of targets.all) {
      // Warm-up under full load: at this rate it would take minutes.
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
  const notes = ['Latency added to that of the upstream itself, whose row has its own.'];
  const title = `W4: status reads, ${PER_SECOND} per second`;
  return [
    { title: `${title}, median`, unit: 'ms', rows: p50.all, notes },
    { title: `${title}, 99th percentile`, unit: 'ms', rows: p99.all, notes },
  ];
}
