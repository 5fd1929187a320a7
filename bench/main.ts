/**
 * Measures the service beside the usual proxies in front of Alfresco.
 *
 *     npm run bench                 all workloads
 *     npm run bench -- W1 W2        some of them
 *     ROUNDS=2 npm run bench        fewer rounds
 *     npm run bench -- --profile W2 where the CPU time of a workload goes, see `profile.ts`
 *
 * Prints each table, and writes them to `bench/results.md` if all workloads were run.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LOAD_CORES, isInstalled, machine, pinThis } from './cores.ts';
import { PROFILES, profile } from './profile.ts';
import { type Table, render } from './table.ts';
import { calls } from './workloads/calls.ts';
import { callers } from './workloads/callers.ts';
import { many, one } from './workloads/content.ts';
import { latency } from './workloads/latency.ts';
import { atRest, slowStreams, watchers } from './workloads/memory.ts';
import { start } from './workloads/start.ts';
import { distinct, shared } from './workloads/status.ts';
import { workers } from './workloads/workers.ts';

const WORKLOADS: Readonly<Record<string, (rounds: number) => Promise<Table | Table[]>>> = {
  W1: distinct,
  W2: shared,
  W3: async (rounds) => [...(await one(rounds)), ...(await many(rounds))],
  W4: latency,
  W5: async () => [await atRest(), await watchers(), await slowStreams()],
  W6: start,
  W7: calls,
  W8: workers,
  W9: callers,
};

/** Workloads whose load `wrk` generates. */
const BY_WRK: ReadonlySet<string> = new Set(['W1', 'W2', 'W8']);

const { values: options, positionals: asked } = parseArgs({
  options: { profile: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const known: object = options.profile ? PROFILES : WORKLOADS;
const unknown = asked.filter((name) => !(name in known));
if (unknown.length > 0)
  fail(`unknown: ${unknown.join(' ')}; there are ${Object.keys(known).join(' ')}`);
const wanted = asked.length > 0 ? asked : Object.keys(known);
if (!options.profile && wanted.some((name) => BY_WRK.has(name)) && !isInstalled('wrk'))
  fail('wrk, which generates the load, is not installed (Debian: apt-get install wrk)');

pinThis(LOAD_CORES);
if (options.profile) {
  for (const [name, scene] of Object.entries(PROFILES)) {
    if (wanted.includes(name)) await profile(scene);
  }
  process.exit();
}
const rounds = Number(process.env.ROUNDS ?? 5);
const texts = [heading()];
console.log(texts[0]);
for (const [name, run] of Object.entries(WORKLOADS)) {
  if (!wanted.includes(name)) continue;
  for (const table of [await run(rounds)].flat()) {
    texts.push(render(table));
    console.log(texts.at(-1));
  }
}
if (asked.length === 0) writeFileSync(join(import.meta.dirname, 'results.md'), texts.join('\n'));

function heading(): string {
  const date = new Date().toISOString().slice(0, 10);
  const nginx = isInstalled('nginx', '-v')
    ? execFileSync('sh', ['-c', 'nginx -v 2>&1'])
    : 'no nginx';
  const packages = [
    '@fastify/http-proxy',
    'http-proxy-middleware',
    '@nestjs/core',
    'axios',
    'undici',
  ];
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(', ');
  return `# Results\n\n${date}. ${machine()}. Node.js ${process.version}, ${String(nginx).trim()}, ${versions}. ${rounds} rounds.\n`;
}

function versionOf(name: string): string {
  const file = join(import.meta.dirname, '../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
