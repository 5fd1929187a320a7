import { OwnershipService } from './ownership.service.js';
import type { DownloadRegistry } from './registry/download-registry.js';
import { openRegistry } from './registry/registry.factory.js';

const ALICE = { id: 'basic:alice', name: 'alice' };
const BOB = { id: 'basic:bob', name: 'bob' };

describe('who owns a download', () => {
  let registry: DownloadRegistry;
  let ownership: OwnershipService;

  beforeEach(async () => {
    registry = openRegistry({ url: 'sqlite::memory:', retentionMs: 60_000 });
    ownership = new OwnershipService(registry);
    await registry.add({ id: 'd', owner: ALICE.id, createdAt: Date.now() });
  });
  afterEach(() => registry.close());

  const refusal = async (caller: typeof ALICE, id = 'd') =>
    Promise.resolve(ownership.assertCanRead(caller, id)).then(
      () => undefined,
      ({ code }: { code: string }) => code,
    );

  it('is its maker, and nobody else, also right after the maker has asked', async () => {
    expect(await refusal(ALICE)).toBeUndefined();
    expect(await refusal(BOB)).toBe('FORBIDDEN');
    expect(await refusal(ALICE)).toBeUndefined();
  });

  it('is nobody when it was never made', async () => {
    expect(await refusal(ALICE, 'other')).toBe('DOWNLOAD_NOT_FOUND');
  });

  it('is nobody as soon as it has been forgotten', async () => {
    expect(await refusal(ALICE)).toBeUndefined();
    await ownership.forget('d');
    expect(await refusal(ALICE)).toBe('DOWNLOAD_NOT_FOUND');
  });

  it('is read from the registry, not from memory, for requests that change something', async () => {
    expect(await refusal(ALICE)).toBeUndefined();
    await registry.remove('d');
    expect(await refusal(ALICE)).toBeUndefined();
    await expect(ownership.assertOwner(ALICE, 'd')).rejects.toMatchObject({
      code: 'DOWNLOAD_NOT_FOUND',
    });
  });
});
