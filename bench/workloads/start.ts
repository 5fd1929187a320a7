import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeasuredService } from '../service.ts';
import { Rows, SERVICE, type Table } from '../table.ts';
import { Upstream } from '../upstream-process.ts';

/** W6: the time from `node dist/main.js` until `/health/ready` succeeds. */
export async function start(rounds: number): Promise<Table> {
  const upstream = await Upstream.start();
  const rows = new Rows();
  for (let round = 0; round < rounds; round += 1) {
    rows.add('node, and nothing else', await nothing());
    const service = await MeasuredService.start(upstream.alfrescoUrl);
    while (!(await fetch(`${service.url}/health/ready`)).ok) await sleep(5);
    rows.add(SERVICE, performance.now() - service.spawnedAt);
    await service.stop();
  }
  upstream.stop();
  return { title: 'W6: start to ready', unit: 'ms', rows: rows.all };
}

async function nothing(): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, ['-e', '0']);
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - started;
}
