import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
  OwnerConflictError,
} from 'alfresco-downloads-bff';

const RETENTION_MS = 86_400_000;

interface Expiring {
  readonly expiresAt: number;
}

interface Request extends Expiring {
  readonly fingerprint: string;
  readonly token: string;
  readonly downloadId?: string;
}

/** The owners of downloads, in the memory of one process. */
@Injectable()
export class MemoryRegistry extends DownloadRegistry {
  private readonly downloads = new Map<string, DownloadRecord & Expiring>();
  private readonly requests = new Map<string, Request>();

  override async add(record: DownloadRecord, claim?: Claim): Promise<boolean> {
    const expiresAt = Date.now() + RETENTION_MS;
    const request = claim && this.requestOf(claim);
    if (claim && (!request || (request.downloadId ?? record.id) !== record.id)) return false;
    if ((living(this.downloads, record.id)?.owner ?? record.owner) !== record.owner) {
      throw new OwnerConflictError();
    }
    if (claim && request) {
      this.requests.set(keyOf(claim.request), { ...request, downloadId: record.id, expiresAt });
    }
    this.downloads.set(record.id, { ...record, expiresAt });
    return true;
  }

  override async ownerOf(id: string): Promise<string | undefined> {
    return living(this.downloads, id)?.owner;
  }

  override async list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage> {
    const records = [...this.downloads.keys()]
      .map((id) => living(this.downloads, id))
      .filter((record) => record?.owner === owner)
      .map((record) => record!)
      .toSorted((a, b) => b.createdAt - a.createdAt || (b.id < a.id ? -1 : 1));
    return { records: records.slice(skipCount, skipCount + maxItems), total: records.length };
  }

  override async remove(id: string): Promise<void> {
    this.downloads.delete(id);
  }

  override async claim(
    request: IdempotentRequest,
    leaseMs: number,
    voided?: string,
  ): Promise<ClaimResult> {
    const key = keyOf(request);
    const known = living(this.requests, key);
    if (!known || (voided !== undefined && known.downloadId === voided)) {
      const token = randomUUID();
      const { fingerprint } = request;
      this.requests.set(key, { fingerprint, token, expiresAt: Date.now() + leaseMs });
      return { state: 'claimed', claim: { request, token } };
    }
    if (known.fingerprint !== request.fingerprint) return { state: 'reused' };
    return known.downloadId === undefined
      ? { state: 'running' }
      : { state: 'completed', downloadId: known.downloadId };
  }

  override async release(claim: Claim): Promise<void> {
    const request = this.requestOf(claim);
    if (request && request.downloadId === undefined) this.requests.delete(keyOf(claim.request));
  }

  override async ping(): Promise<void> {}

  override async close(): Promise<void> {}

  private requestOf({ request, token }: Claim): Request | undefined {
    const known = living(this.requests, keyOf(request));
    return known?.token === token ? known : undefined;
  }
}

/** Returns an entry that has not expired; removes it if it has. */
function living<T extends Expiring>(map: Map<string, T>, key: string): T | undefined {
  const found = map.get(key);
  if (!found || found.expiresAt > Date.now()) return found;
  map.delete(key);
  return undefined;
}

function keyOf({ owner, key }: IdempotentRequest): string {
  return JSON.stringify([owner, key]);
}
