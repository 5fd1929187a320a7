import { PACING } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';
import { RedisConnection } from '../store/redis-connection.js';
import type { Findings } from './findings.js';

/** In docs/operations.md, "The store". */
const OLDEST = [6, 2];

type Info = ReadonlyMap<string, string>;

/**
 * Version and settings of a Redis, as far as it tells them: CONFIG is often forbidden where others run it.
 * @throws ProblemException STORE_UNAVAILABLE
 */
export async function checkRedis(
  url: string,
  pacing: typeof PACING.store,
  findings: Findings,
): Promise<void> {
  const connection = new RedisConnection(url, pacing);
  try {
    const info = parseInfo(await connection.send((redis) => redis.info()));
    const settings = await connection
      .send((redis) => redis.config('GET', 'appendfsync'))
      .catch((error: unknown) => {
        if (error instanceof ProblemException) return [];
        throw error;
      });
    checkVersion(info, findings);
    checkPersistence(info, (settings as string[])[1], findings);
    checkEviction(info, findings);
  } finally {
    await connection.close();
  }
}

/** `name:value` a line. */
function parseInfo(text: string): Info {
  const lines = text.split(/\r?\n/).map((line) => line.split(':') as [string, string?]);
  return new Map(lines.map(([name, value = '']) => [name, value]));
}

function checkVersion(info: Info, findings: Findings): void {
  const version = info.get('redis_version') ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0]! || (major === OLDEST[0] && minor < OLDEST[1]!);
  if (info.get('cluster_enabled') === '1') {
    findings.fail('store', `Redis ${version}, a cluster`, 'use a Redis that is none');
  } else if (info.get('role') === 'slave') {
    findings.fail('store', `Redis ${version}, a replica`, 'name the primary in STORE_URL');
  } else if (isOld) {
    findings.fail('store', `Redis ${version}`, `use ${OLDEST.join('.')} or newer`);
  } else {
    findings.ok('store', `Redis ${version}`);
  }
}

function checkPersistence(info: Info, sync: string | undefined, findings: Findings): void {
  const subject = 'store: persistence';
  if (info.get('aof_enabled') !== '1') {
    const advice = 'set appendonly yes and appendfsync always';
    findings.warn(subject, 'appendonly no: a restart loses owners and sessions', advice);
  } else if (sync !== undefined && sync !== 'always') {
    const seen = `appendonly yes, appendfsync ${sync}: a crash loses the last writes`;
    findings.warn(subject, seen, 'set appendfsync always');
  } else {
    findings.ok(subject, `appendonly yes, appendfsync ${sync ?? 'unknown'}`);
  }
}

function checkEviction(info: Info, findings: Findings): void {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const seen = `maxmemory-policy ${policy}`;
  if (policy === 'noeviction') findings.ok('store: eviction', seen);
  else {
    const advice = 'set maxmemory-policy noeviction';
    findings.warn('store: eviction', `${seen}: owners may be lost when memory is short`, advice);
  }
}
