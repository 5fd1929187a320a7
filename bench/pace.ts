import { Agent, get } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { AUTHORIZATION } from './service.ts';

/** Response times, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * As many as `wrk` uses. Without a limit, each request that is due while a busy machine serves none gets a new connection: with
 * thousands at a time the accept queue of the server overflows, and the kernel resets some of them.
 */
const CONNECTIONS = 64;

/**
 * Requests these paths in turn at a fixed rate, without waiting for responses. The times count from when a request is made, also
 * if it waits for a connection.
 */
export async function pace(
  url: string,
  paths: readonly string[],
  perSecond: number,
  seconds: number,
  headers: Readonly<Record<string, string>> = { authorization: AUTHORIZATION },
): Promise<Latency> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const started = performance.now();
  const taken: Promise<number>[] = [];
  for (let count = 0; count < perSecond * seconds; count += 1) {
    const due = started + (count * 1000) / perSecond;
    // Otherwise a loop that is behind would read no response until it has caught up.
    if (performance.now() >= due) await nextTurn();
    while (performance.now() < due) await sleep(Math.max(0, due - performance.now()));
    taken.push(time(`${url}${paths[count % paths.length]}`, agent, headers));
  }
  const sorted = (await Promise.all(taken)).toSorted((a, b) => a - b);
  agent.destroy();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]!;
  return { p50: at(0.5), p99: at(0.99) };
}

function time(
  url: string,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      response.resume().once('end', () => resolve(performance.now() - started));
    }).once('error', reject);
  });
}
