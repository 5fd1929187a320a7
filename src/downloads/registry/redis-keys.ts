import { createHash } from 'node:crypto';
import type { Claim, IdempotentRequest } from './download-registry.js';

/** Of every key, so that a Redis may be shared and an ACL can name them. */
const PREFIX = 'alfresco-downloads:';

/** Hash: `owner`. */
export function downloadKey(id: string): string {
  return `${PREFIX}download:${id}`;
}

/** Sorted sets of the owner's download ids: by time of creation, and by time of expiry. */
export function ownerKeys(owner: string): [byCreation: string, byExpiry: string] {
  const name = hashOf([owner]);
  return [`${PREFIX}owner:${name}:by-creation`, `${PREFIX}owner:${name}:by-expiry`];
}

/** Hash: `fingerprint` and `token` of the claim, `download` once it is completed. */
export function requestKey({ owner, key }: IdempotentRequest): string {
  return `${PREFIX}request:${hashOf([owner, key])}`;
}

/** String: whose ticket this is, which is known by its hash. */
export function ticketKey(hash: string): string {
  return `${PREFIX}ticket:${hash}`;
}

/** The key of what a claim holds, if there is one. */
export function claimKeys(claim: Claim | undefined): string[] {
  return claim ? [requestKey(claim.request)] : [];
}

/**
 * Owners and Idempotency-Keys may hold any character and be long. JSON tells where one ends and the next
 * begins, also for lone surrogates, which UTF-8 would all turn into the same character.
 */
function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
