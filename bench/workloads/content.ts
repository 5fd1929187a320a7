import { cpuSecondsOf } from '../cpu-time.ts';
import { save } from '../saver.ts';
import { Rows, SERVICE, type Table, mebibytes } from '../table.ts';
import { Targets } from '../targets.ts';
import { Upstream } from '../upstream-process.ts';

/** W3: one ZIP of 1 GB. */
export function one(rounds: number): Promise<Table[]> {
  return saveAll('W3: one ZIP of 1 GB', 1_000_000_000, 1, rounds);
}

/** W3: fifty concurrent ZIPs of 100 MB. */
export function many(rounds: number): Promise<Table[]> {
  return saveAll('W3: 50 concurrent ZIPs of 100 MB', 100_000_000, 50, rounds);
}

async function saveAll(
  title: string,
  bytes: number,
  count: number,
  rounds: number,
): Promise<Table[]> {
  const upstream = await Upstream.start(bytes);
  const targets = await Targets.start(upstream);
  const rates = new Rows();
  const costs = new Rows();
  let most = 0;
  let before = 0;
  try {
    const id = await targets.service.createDownload();
    before = await targets.service.residentBytes();
    // The first round is a warm-up.
    for (let round = -1; round < rounds; round += 1) {
      for (const target of targets.all) {
        const url = target.url + target.contentPath(id);
        const cpuBefore = await cpuSecondsOf(target.pid);
        const started = performance.now();
        const all = Promise.all(Array.from({ length: count }, () => save(url)));
        const watch = setInterval(() => {
          void targets.service.residentBytes().then((now) => (most = Math.max(most, now)));
        }, 100);
        const sizes = await all.finally(() => clearInterval(watch));
        const seconds = (performance.now() - started) / 1000;
        const cpuSeconds = (await cpuSecondsOf(target.pid)) - cpuBefore;
        if (sizes.some((size) => size !== bytes))
          throw new Error(`${target.name}: ${sizes.join(', ')}`);
        if (round < 0) continue;
        const megabytes = (bytes * count) / 1_000_000;
        rates.add(target.name, megabytes / seconds);
        costs.add(target.name, megabytes / cpuSeconds);
      }
    }
  } finally {
    await targets.stop();
    upstream.stop();
  }
  const notes = [
    `Memory of ${SERVICE}: ${mebibytes(before)} MiB before, ${mebibytes(most)} MiB at most.`,
  ];
  return [
    { title, unit: 'MB per second', rows: rates.all, compared: SERVICE, notes },
    { title, unit: 'MB per CPU second', rows: costs.all, compared: SERVICE },
  ];
}
