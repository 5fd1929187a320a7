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
    const { id, subject, providerSession = '', sealed, revision, idleEndsAt, endsAt } = session;
    const key = keyOf(id);
    const groups = groupKeys(subject, providerSession);
    await this.connection.send(
      (redis) =>
        redis.addSession(
          1 + groups.length,
          key,
          ...groups,
          id,
          subject,
          providerSession,
          sealed,
          revision,
          endsAt,
          Math.min(idleEndsAt, endsAt),
          keyOf(''),
        ),
      () => this.connection.redis.del(key),
    );
  }

  override async find(id: string): Promise<SessionRecord | undefined> {
    const fields = await this.connection.send((redis) => redis.hgetall(keyOf(id)));
    if (fields.sealed === undefined) return undefined;
    return {
      id,
      subject: fields.subject!,
      providerSession: fields.providerSession || undefined,
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
    await this.connection.send((redis) => redis.extendSession(keyOf(id), idleEndsAt));
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
      return this.connection.send((redis) => redis.del(keyOf(selector.id)));
    }
    const { providerSession, subject } = { providerSession: '', ...selector };
    const group =
      providerSession === ''
        ? groupKey('subject', subject!)
        : groupKey('provider', providerSession);
    return this.connection.send((redis) =>
      redis.removeSessions(group, keyOf(''), providerSession === '' ? '' : (subject ?? '')),
    );
  }

  override close(): Promise<void> {
    return this.connection.close();
  }
}

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
  // KEYS: session, groups; ARGV: id, subject, provider's session, sealed, revision, end, end if idle, keys of sessions.
  // Ids that have ended go, or the set of someone who logs in each day would grow for good.
  addSession: {
    lua: `
redis.call('HSET', KEYS[1], 'subject', ARGV[2], 'providerSession', ARGV[3], 'sealed', ARGV[4], 'revision', ARGV[5], 'endsAt', ARGV[6], 'idleEndsAt', ARGV[7])
redis.call('PEXPIREAT', KEYS[1], ARGV[7])
local time = redis.call('TIME')
local left = ARGV[6] - time[1] * 1000
for i = 2, #KEYS do
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[i])) do
    if redis.call('EXISTS', ARGV[8] .. id) == 0 then redis.call('SREM', KEYS[i], id) end
  end
  redis.call('SADD', KEYS[i], ARGV[1])
  if redis.call('PTTL', KEYS[i]) < left then redis.call('PEXPIREAT', KEYS[i], ARGV[6]) end
end`,
  },

  // KEYS: session; ARGV: end if idle
  extendSession: {
    lua: `
local endsAt = redis.call('HGET', KEYS[1], 'endsAt')
if not endsAt then return end
local idleEndsAt = tonumber(ARGV[1]) < tonumber(endsAt) and ARGV[1] or endsAt
redis.call('HSET', KEYS[1], 'idleEndsAt', idleEndsAt)
redis.call('PEXPIREAT', KEYS[1], idleEndsAt)`,
    numberOfKeys: 1,
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

  // KEYS: group; ARGV: beginning of the keys of sessions, subject
  removeSessions: {
    lua: `
local removed = 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = ARGV[1] .. id
  if ARGV[2] == '' or redis.call('HGET', key, 'subject') == ARGV[2] then
    removed = removed + redis.call('DEL', key)
    redis.call('SREM', KEYS[1], id)
  end
end
return removed`,
    numberOfKeys: 1,
  },
};

/** The methods that ioredis defines for the scripts. */
interface ScriptCommands {
  addSession(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  extendSession(key: string, idleEndsAt: number): Promise<unknown>;
  claimRefresh(key: string, claim: string, revision: number, leaseMs: number): Promise<number>;
  replaceSession(key: string, claim: string, revision: number, sealed: string): Promise<number>;
  removeSessions(group: string, keys: string, subject: string): Promise<number>;
}
