import { createHash } from 'node:crypto';
import type { Pacing } from '../../config/pacing.js';
import { KEY_PREFIX, RedisConnection, type RedisScripts } from '../../store/redis-connection.js';
import { type SessionRecord, type SessionSelector, SessionStore } from './session-store.js';

/** Keeps sessions in a Redis that several machines share; each expires by itself. */
export class RedisSessionStore extends SessionStore {
  private readonly connection: RedisConnection<ScriptCommands>;

  /** @throws ConfigurationError when the URL is not one of Redis */
  constructor(url: string, pacing: Pacing['store']) {
    super();
    this.connection = new RedisConnection(url, pacing, SCRIPTS);
  }

  override async add(session: SessionRecord): Promise<void> {
    const { id, subject, providerSession = '', issuedAt, sealed, revision } = session;
    const { idleEndsAt, endsAt } = session;
    const key = keyOf(id);
    const groups = groupKeys(subject, providerSession);
    await this.connection.send(
      (redis) =>
        redis.addSession(
          2 + groups.length,
          key,
          ENDS,
          ...groups,
          id,
          subject,
          providerSession,
          sealed,
          revision,
          endsAt,
          Math.min(idleEndsAt, endsAt),
          keyOf(''),
          issuedAt,
        ),
      () => this.connection.redis.removeSession(key, ENDS, id),
    );
  }

  override async find(id: string): Promise<SessionRecord | undefined> {
    const fields = await this.connection.send((redis) => redis.hgetall(keyOf(id)));
    if (fields.sealed === undefined) return undefined;
    return {
      id,
      subject: fields.subject!,
      providerSession: fields.providerSession || undefined,
      // Absent in sessions of earlier versions.
      issuedAt: Number(fields.issuedAt ?? 0),
      sealed: fields.sealed,
      revision: Number(fields.revision),
      idleEndsAt: Number(fields.idleEndsAt),
      endsAt: Number(fields.endsAt),
    };
  }

  override async newestOf(subject: string): Promise<SessionRecord | undefined> {
    const ids = await this.connection.send((redis) => redis.smembers(groupKey('subject', subject)));
    const found = await Promise.all(ids.map((id) => this.find(id)));
    return found
      .filter((session) => session !== undefined)
      .toSorted((a, b) => b.endsAt - a.endsAt)[0];
  }

  override async extend(id: string, idleEndsAt: number): Promise<void> {
    await this.connection.send((redis) => redis.extendSession(keyOf(id), ENDS, id, idleEndsAt));
  }

  override async claimRefresh(id: string, revision: number, leaseMs: number): Promise<boolean> {
    const claimed = await this.connection.send((redis) =>
      redis.claimRefresh(keyOf(id), claimKey(id, revision), revision, leaseMs),
    );
    return claimed === 1;
  }

  override async releaseRefresh(id: string, revision: number): Promise<void> {
    await this.connection.send((redis) => redis.del(claimKey(id, revision)));
  }

  override async replace(id: string, revision: number, sealed: string): Promise<boolean> {
    const replaced = await this.connection.send((redis) =>
      redis.replaceSession(keyOf(id), claimKey(id, revision), revision, sealed),
    );
    return replaced === 1;
  }

  override async remove(selector: SessionSelector): Promise<number> {
    if ('id' in selector) {
      const { id } = selector;
      return this.connection.send((redis) => redis.removeSession(keyOf(id), ENDS, id));
    }
    const { issuedUntil, subject = '' } = selector;
    const group =
      'providerSession' in selector
        ? groupKey('provider', selector.providerSession)
        : groupKey('subject', subject);
    return this.connection.send((redis) =>
      redis.removeSessions(group, ENDS, keyOf(''), subject, issuedUntil),
    );
  }

  override async sweep(): Promise<number> {
    for (let swept = 0; ;) {
      const count = await this.connection.send((redis) => redis.sweepSessions(ENDS, keyOf('')));
      if (count === 0) return swept;
      swept += count;
    }
  }

  override close(): Promise<void> {
    return this.connection.close();
  }
}

/** Sorted set of the ids of sessions by when they end unless they are used: keys that expire leave nothing to count. */
const ENDS = `${KEY_PREFIX}session-ends`;

/** Hash: the members of a `SessionRecord`; expires with the session. */
function keyOf(id: string): string {
  return `${KEY_PREFIX}session:${id}`;
}

/** String, while the tokens of this revision are refreshed. */
function claimKey(id: string, revision: number): string {
  return `${KEY_PREFIX}session-refresh:${id}:${revision}`;
}

/** Set of the ids of sessions that end together; ids of those that have ended may be among them. */
function groupKey(kind: 'subject' | 'provider', name: string): string {
  const hash = createHash('sha256').update(name).digest('base64url');
  return `${KEY_PREFIX}session-${kind}:${hash}`;
}

function groupKeys(subject: string, providerSession: string): string[] {
  const ofSubject = groupKey('subject', subject);
  return providerSession === '' ? [ofSubject] : [ofSubject, groupKey('provider', providerSession)];
}

const SCRIPTS: RedisScripts = {
  // KEYS: session, ends, groups; ARGV: id, subject, provider's session, sealed, revision, end, end if idle, keys of sessions,
  // time of issue. The ends outlive the last session by a day in which they can be counted.
  // Ids that have ended go, or the set of someone who logs in each day would grow for good.
  addSession: {
    lua: `
redis.call('HSET', KEYS[1], 'subject', ARGV[2], 'providerSession', ARGV[3], 'sealed', ARGV[4], 'revision', ARGV[5], 'endsAt', ARGV[6], 'idleEndsAt', ARGV[7], 'issuedAt', ARGV[9])
redis.call('PEXPIREAT', KEYS[1], ARGV[7])
local time = redis.call('TIME')
local left = ARGV[6] - time[1] * 1000
redis.call('ZADD', KEYS[2], ARGV[7], ARGV[1])
if redis.call('PTTL', KEYS[2]) < left + 86400000 then redis.call('PEXPIREAT', KEYS[2], ARGV[6] + 86400000) end
for i = 3, #KEYS do
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[i])) do
    if redis.call('EXISTS', ARGV[8] .. id) == 0 then redis.call('SREM', KEYS[i], id) end
  end
  redis.call('SADD', KEYS[i], ARGV[1])
  if redis.call('PTTL', KEYS[i]) < left then redis.call('PEXPIREAT', KEYS[i], ARGV[6]) end
end`,
  },

  // KEYS: session, ends; ARGV: id, end if idle
  extendSession: {
    lua: `
local endsAt = redis.call('HGET', KEYS[1], 'endsAt')
if not endsAt then return end
local idleEndsAt = tonumber(ARGV[2]) < tonumber(endsAt) and ARGV[2] or endsAt
redis.call('HSET', KEYS[1], 'idleEndsAt', idleEndsAt)
redis.call('PEXPIREAT', KEYS[1], idleEndsAt)
redis.call('ZADD', KEYS[2], idleEndsAt, ARGV[1])`,
    numberOfKeys: 2,
  },

  // KEYS: session, claim; ARGV: revision, lease
  claimRefresh: {
    lua: `
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return 0 end
return redis.call('SET', KEYS[2], '1', 'PX', ARGV[2], 'NX') and 1 or 0`,
    numberOfKeys: 2,
  },

  // KEYS: session, claim; ARGV: revision, sealed
  replaceSession: {
    lua: `
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'sealed', ARGV[2], 'revision', ARGV[1] + 1)
redis.call('DEL', KEYS[2])
return 1`,
    numberOfKeys: 2,
  },

  // KEYS: session, ends; ARGV: id
  removeSession: {
    lua: `
local removed = redis.call('DEL', KEYS[1])
if removed == 1 then redis.call('ZREM', KEYS[2], ARGV[1]) end
return removed`,
    numberOfKeys: 2,
  },

  // KEYS: group, ends; ARGV: beginning of the keys of sessions, subject, latest time of issue
  removeSessions: {
    lua: `
local removed = 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = ARGV[1] .. id
  local found = redis.call('HMGET', key, 'subject', 'issuedAt')
  local isOfSubject = ARGV[2] == '' or found[1] == ARGV[2]
  if found[1] and isOfSubject and tonumber(found[2] or 0) <= tonumber(ARGV[3]) then
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[2], id)
    redis.call('SREM', KEYS[1], id)
    removed = removed + 1
  end
end
return removed`,
    numberOfKeys: 2,
  },

  // KEYS: ends; ARGV: beginning of the keys of sessions
  sweepSessions: {
    lua: `
local swept = 0
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  if redis.call('EXISTS', ARGV[1] .. id) == 0 then
    redis.call('ZREM', KEYS[1], id)
    swept = swept + 1
  end
end
return swept`,
    numberOfKeys: 1,
  },
};

/** The methods that ioredis defines for the scripts. */
interface ScriptCommands {
  addSession(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  extendSession(key: string, ends: string, id: string, idleEndsAt: number): Promise<unknown>;
  claimRefresh(key: string, claim: string, revision: number, leaseMs: number): Promise<number>;
  replaceSession(key: string, claim: string, revision: number, sealed: string): Promise<number>;
  removeSession(key: string, ends: string, id: string): Promise<number>;
  removeSessions(
    group: string,
    ends: string,
    keys: string,
    subject: string,
    issuedUntil: number,
  ): Promise<number>;
  sweepSessions(ends: string, keys: string): Promise<number>;
}
