import { hash } from 'node:crypto';
import { KEY_PREFIX, type RedisScripts } from '../../store/redis-connection.js';
import type { IdempotentRequest } from './download-registry.js';

/** Hash: `owner`. */
export function downloadKey(id: string): string {
  return `${KEY_PREFIX}download:${id}`;
}

/** Sorted sets of the owner's download ids: by time of creation, and by time of expiry. */
export function ownerKeys(owner: string): [byCreation: string, byExpiry: string] {
  const name = hashOf([owner]);
  return [`${KEY_PREFIX}owner:${name}:by-creation`, `${KEY_PREFIX}owner:${name}:by-expiry`];
}

/** Hash: `fingerprint` and `token` of the claim, `download` once it is completed. */
export function requestKey({ owner, key }: IdempotentRequest): string {
  return `${KEY_PREFIX}request:${hashOf([owner, key])}`;
}

/**
 * Owners and Idempotency-Keys may be long and hold any character. JSON separates them without ambiguity, and escapes
 * lone surrogates, which UTF-8 would all turn into the same character.
 */
function hashOf(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/** Redis' clock, in milliseconds: the machines of the service may not agree on the time. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Members of a sorted set do not expire by themselves. */
const PRUNE = `
for _, id in ipairs(redis.call('ZRANGEBYSCORE', byExpiry, '-inf', now)) do
  redis.call('ZREM', byCreation, id)
  redis.call('ZREM', byExpiry, id)
end`;

/**
 * Each script takes effect as a whole or not at all. A Redis out of memory refuses a script's first write that needs
 * memory, and no later one.
 */
export const SCRIPTS: RedisScripts = {
  // KEYS: download, by creation, by expiry[, request]; ARGV: id, owner, created at, retention, token
  addDownload: {
    lua: `
local byCreation, byExpiry = KEYS[2], KEYS[3]
local id, owner, retention = ARGV[1], ARGV[2], ARGV[4]
local holder = redis.call('HGET', KEYS[1], 'owner')
if holder and holder ~= owner then return 'conflict' end
if KEYS[4] then
  local claim = redis.call('HMGET', KEYS[4], 'token', 'download')
  if claim[1] ~= ARGV[5] or (claim[2] and claim[2] ~= id) then return 'expired' end
  redis.call('HSET', KEYS[4], 'download', id)
  redis.call('PEXPIRE', KEYS[4], retention)
end
redis.call('HSET', KEYS[1], 'owner', owner)
redis.call('PEXPIRE', KEYS[1], retention)
${NOW}
redis.call('ZADD', byCreation, ARGV[3], id)
redis.call('ZADD', byExpiry, now + retention, id)
for _, key in ipairs({ byCreation, byExpiry }) do
  -- A member added under a longer retention than today's must not go with the set.
  if redis.call('PTTL', key) < tonumber(retention) then redis.call('PEXPIRE', key, retention) end
end
${PRUNE}
return 'added'`,
  },

  // KEYS: by creation, by expiry; ARGV: skip count, max items
  listDownloads: {
    lua: `
local byCreation, byExpiry = KEYS[1], KEYS[2]
${NOW}
${PRUNE}
return {
  redis.call('ZCARD', byCreation),
  redis.call('ZREVRANGEBYSCORE', byCreation, '+inf', '-inf', 'WITHSCORES', 'LIMIT', ARGV[1], ARGV[2]),
}`,
    numberOfKeys: 2,
  },

  // KEYS: download, by creation, by expiry; ARGV: id
  removeDownload: {
    lua: `
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])`,
    numberOfKeys: 3,
  },

  // KEYS: download, by creation, by expiry, and both of the new owner; ARGV: id, owner, new owner
  renameOwner: {
    lua: `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then return end
redis.call('HSET', KEYS[1], 'owner', ARGV[3])
for from = 2, 3 do
  local to = from + 2
  local score = redis.call('ZSCORE', KEYS[from], ARGV[1])
  if score then
    redis.call('ZADD', KEYS[to], score, ARGV[1])
    local left = redis.call('PTTL', KEYS[from])
    if redis.call('PTTL', KEYS[to]) < left then redis.call('PEXPIRE', KEYS[to], left) end
    redis.call('ZREM', KEYS[from], ARGV[1])
  end
end`,
    numberOfKeys: 5,
  },

  // KEYS: request; ARGV: fingerprint, token, lease, id of a download that turned out not to exist
  claimRequest: {
    lua: `
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'download')
if known[2] and known[2] == ARGV[4] then
  redis.call('DEL', KEYS[1])
elseif known[1] then
  if known[1] ~= ARGV[1] then return { 'reused' } end
  if known[2] then return { 'completed', known[2] } end
  return { 'running' }
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { 'claimed' }`,
    numberOfKeys: 1,
  },

  // KEYS: request; ARGV: token, id of the download by which the claim may have been completed
  releaseRequest: {
    lua: `
local claim = redis.call('HMGET', KEYS[1], 'token', 'download')
if claim[1] == ARGV[1] and (not claim[2] or claim[2] == ARGV[2]) then redis.call('DEL', KEYS[1]) end`,
    numberOfKeys: 1,
  },
};

/** The methods that ioredis defines for the scripts. */
export interface ScriptCommands {
  addDownload(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<string>;
  listDownloads(
    byCreation: string,
    byExpiry: string,
    skipCount: number,
    maxItems: number,
  ): Promise<[total: number, idsAndTimes: string[]]>;
  removeDownload(
    download: string,
    byCreation: string,
    byExpiry: string,
    id: string,
  ): Promise<unknown>;
  renameOwner(
    download: string,
    byCreation: string,
    byExpiry: string,
    newByCreation: string,
    newByExpiry: string,
    id: string,
    owner: string,
    newOwner: string,
  ): Promise<unknown>;
  claimRequest(
    request: string,
    fingerprint: string,
    token: string,
    leaseMs: number,
    voided: string,
  ): Promise<[state: 'claimed' | 'running' | 'reused'] | [state: 'completed', downloadId: string]>;
  releaseRequest(request: string, token: string, completedBy: string): Promise<unknown>;
}
