import { PACING } from '../../config/pacing.js';
import type { Claim, DownloadRegistry, IdempotentRequest } from './download-registry.js';

/** The store under test. */
export interface TestStore {
  /** Opens the store, which is empty at the first call in each test. */
  open(retentionMs: number): DownloadRegistry;
}

export const HOUR = 3_600_000;
export const NOON = Date.parse('2026-11-24T12:00:00Z');

/** More than a row of one millisecond lives. */
export const A_WHILE = 25;

/** For tests that wait for a store to give up; long enough for one that responds on a busy machine. */
export const IMPATIENT = { ...PACING.store, lockMs: 250, responseMs: 300, settleMs: 20 };

/** Owners that a careless encoding mixes up. */
export const STRANGE = [
  '',
  ' ',
  'a',
  'A',
  'a:b',
  'a:by-expiry',
  '["a"]',
  '"',
  `'; DROP TABLE downloads; --`,
  '*',
  '%41',
  '\u00e9',
  'e\u0301',
  '\u{1f4e6}',
  '\r\n',
  'x'.repeat(9_999),
  'x'.repeat(10_000),
];

export function recordOf(id: string, owner = 'basic:alice', createdAt = NOON) {
  return { id, owner, createdAt };
}

export const REQUEST: IdempotentRequest = {
  owner: 'basic:alice',
  key: 'key-1',
  fingerprint: 'body-1',
};

/** Longer than any test, in milliseconds. */
export const LEASE = 60_000;

/** Claims the request. @throws when it cannot be claimed */
export async function hold(
  registry: DownloadRegistry,
  leaseMs = LEASE,
  request = REQUEST,
): Promise<Claim> {
  const result = await registry.claim(request, leaseMs);
  if (result.state !== 'claimed') throw new Error(`the request is ${result.state}`);
  return result.claim;
}

/** Of the error with which every call rejects when the store does not work. */
export function unavailable(diagnosis: unknown): object {
  return { code: 'STORE_UNAVAILABLE', diagnosis };
}
