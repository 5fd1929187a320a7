import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DownloadRegistry } from './download-registry.js';
import { describeClaims } from './claims.suite.js';
import { A_WHILE, HOUR, NOON, recordOf, STRANGE, type TestStore } from './samples.fixture.js';

/** The behaviour that every engine of the registry has. */
export function describeRegistry(store: TestStore): void {
  let registry: DownloadRegistry;

  const idsOf = async (owner: string, skipCount = 0, maxItems = 100): Promise<string[]> => {
    const { records } = await registry.list(owner, skipCount, maxItems);
    return records.map(({ id }) => id);
  };

  beforeEach(() => {
    registry = store.open(HOUR);
  });

  afterEach(() => registry.close());

  it('responds to a ping', async () => {
    await expect(registry.ping()).resolves.toBeUndefined();
  });

  it('knows the owner of a recorded download, and of no other', async () => {
    await expect(registry.add(recordOf('d1', 'basic:alice'))).resolves.toBe(true);
    await expect(registry.add(recordOf('d2', 'bearer:alice'))).resolves.toBe(true);
    await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
    await expect(registry.ownerOf('d2')).resolves.toBe('bearer:alice');
    await expect(registry.ownerOf('D1')).resolves.toBeUndefined();
    await expect(registry.ownerOf('d')).resolves.toBeUndefined();
  });

  it('never gives a download to another owner', async () => {
    await registry.add(recordOf('d1', 'basic:alice'));
    await expect(registry.add(recordOf('d1', 'basic:bob'))).rejects.toThrow('another owner');
    await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
    await expect(idsOf('basic:bob')).resolves.toEqual([]);
  });

  it('records a download once when its owner records it again', async () => {
    await registry.add(recordOf('d1'));
    await expect(registry.add(recordOf('d1'))).resolves.toBe(true);
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({
      records: [recordOf('d1')],
      total: 1,
    });
  });

  it('lists the newest first, whatever the order they were recorded in', async () => {
    await registry.add(recordOf('old', 'basic:alice', NOON - 1));
    await registry.add(recordOf('newest', 'basic:alice', NOON + 1));
    await registry.add(recordOf('new', 'basic:alice', NOON));
    await registry.add(recordOf('foreign', 'basic:bob', NOON + 2));
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({
      records: [
        recordOf('newest', 'basic:alice', NOON + 1),
        recordOf('new', 'basic:alice', NOON),
        recordOf('old', 'basic:alice', NOON - 1),
      ],
      total: 3,
    });
  });

  it('lists nothing for an owner without downloads', async () => {
    await registry.add(recordOf('d1', 'basic:bob'));
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({ records: [], total: 0 });
  });

  it('pages through downloads of the same moment without a gap or a duplicate', async () => {
    const ids = Array.from({ length: 25 }, (_, number) => `d${number}`);
    for (const id of ids) await registry.add(recordOf(id));
    const pages = [await idsOf('basic:alice', 0, 10), await idsOf('basic:alice', 10, 10)];
    const last = await registry.list('basic:alice', 20, 10);
    expect(pages.map((page) => page.length)).toEqual([10, 10]);
    expect(last.total).toBe(25);
    const listed = [...pages.flat(), ...last.records.map(({ id }) => id)];
    expect(listed.toSorted()).toEqual(ids.toSorted());
  });

  it.each([
    ['of a page behind the end', 3, 10],
    ['of a page far behind the end', Number.MAX_SAFE_INTEGER, 10],
    ['of an empty page', 0, 0],
    ['of an empty page in the middle', 1, 0],
  ])('has the total %s', async (_where, skipCount, maxItems) => {
    for (const id of ['d1', 'd2', 'd3']) await registry.add(recordOf(id));
    await expect(registry.list('basic:alice', skipCount, maxItems)).resolves.toEqual({
      records: [],
      total: 3,
    });
  });

  it('forgets a removed download, and only that', async () => {
    await registry.add(recordOf('d1'));
    await registry.add(recordOf('d2'));
    await registry.remove('d1');
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({
      records: [recordOf('d2')],
      total: 1,
    });
  });

  it('takes the removal of an unknown download for done', async () => {
    await expect(registry.remove('unknown')).resolves.toBeUndefined();
  });

  it('keeps strange owners apart', async () => {
    for (const [number, owner] of STRANGE.entries()) {
      await registry.add(recordOf(`d${number}`, owner));
    }
    for (const [number, owner] of STRANGE.entries()) {
      await expect(registry.ownerOf(`d${number}`)).resolves.toBe(owner);
      await expect(registry.list(owner, 0, 10)).resolves.toEqual({
        records: [recordOf(`d${number}`, owner)],
        total: 1,
      });
    }
  });

  it('gives downloads to the owner under another name, all of them and those of no one else', async () => {
    await registry.add(recordOf('d1', 'bearer:alice', NOON));
    await registry.add(recordOf('d2', 'bearer:alice', NOON + 1));
    await registry.add(recordOf('d3', 'basic:bearer:alice'));
    await registry.add(recordOf('d4', 'oidc:x:alice', NOON + 2));
    for (let again = 0; again < 2; again += 1) await registry.renameOwners('bearer:', 'oidc:x:');
    await expect(idsOf('oidc:x:alice')).resolves.toEqual(['d4', 'd2', 'd1']);
    await expect(idsOf('bearer:alice')).resolves.toEqual([]);
    await expect(registry.ownerOf('d1')).resolves.toBe('oidc:x:alice');
    await expect(registry.ownerOf('d3')).resolves.toBe('basic:bearer:alice');
    await registry.remove('d1');
    await expect(idsOf('oidc:x:alice')).resolves.toEqual(['d4', 'd2']);
  });

  it('refuses work after it was closed, and may be closed again', async () => {
    await registry.close();
    await expect(registry.ownerOf('d1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(registry.add(recordOf('d1'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(registry.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(registry.close()).resolves.toBeUndefined();
  });

  describe('when the retention is over', () => {
    beforeEach(async () => {
      await registry.close();
      registry = store.open(1);
      await registry.add(recordOf('d1'));
      await delay(A_WHILE);
    });

    it('neither knows nor lists the download', async () => {
      await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
      await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({ records: [], total: 0 });
    });

    it('may record the same id for someone else', async () => {
      await expect(registry.add(recordOf('d1', 'basic:bob'))).resolves.toBe(true);
    });
  });

  describe('claims', () => describeClaims(store));
}
