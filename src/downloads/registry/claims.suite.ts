import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DownloadRegistry } from './download-registry.js';
import {
  A_WHILE,
  hold,
  HOUR,
  LEASE,
  recordOf,
  REQUEST,
  STRANGE,
  type TestStore,
} from './samples.fixture.js';

/** How idempotent requests are claimed, in every engine. */
export function describeClaims(store: TestStore): void {
  let registry: DownloadRegistry;

  beforeEach(() => {
    registry = store.open(HOUR);
  });

  afterEach(() => registry.close());

  const stateOf = async (request = REQUEST) => {
    const result = await registry.claim(request, LEASE);
    return result.state === 'completed' ? `completed by ${result.downloadId}` : result.state;
  };

  it('grants a new request to the first claim', async () => {
    const result = await registry.claim(REQUEST, LEASE);
    expect(result).toEqual({
      state: 'claimed',
      claim: { request: REQUEST, token: expect.stringMatching(/^.{20,}$/) },
    });
    await expect(registry.claim(REQUEST, LEASE)).resolves.toEqual({ state: 'running' });
  });

  it('grants a request to exactly one of fifty that claim it at once', async () => {
    const states = await Promise.all(Array.from({ length: 50 }, () => stateOf()));
    expect(states.toSorted()).toEqual(['claimed', ...Array<string>(49).fill('running')]);
  });

  it('names the download of a completed request, and records its owner', async () => {
    const claim = await hold(registry);
    await expect(registry.add(recordOf('d1'), claim)).resolves.toBe(true);
    await expect(registry.claim(REQUEST, LEASE)).resolves.toEqual({
      state: 'completed',
      downloadId: 'd1',
    });
    await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
  });

  it('distinguishes another body from the same one while the request runs and afterwards', async () => {
    const other = { ...REQUEST, fingerprint: 'body-2' };
    const claim = await hold(registry);
    await expect(registry.claim(other, LEASE)).resolves.toEqual({ state: 'reused' });
    await registry.add(recordOf('d1'), claim);
    await expect(registry.claim(other, LEASE)).resolves.toEqual({ state: 'reused' });
    await expect(stateOf()).resolves.toBe('completed by d1');
  });

  it('frees a released key, for another body too', async () => {
    const claim = await hold(registry);
    await registry.release(claim);
    await expect(stateOf({ ...REQUEST, fingerprint: 'body-2' })).resolves.toBe('claimed');
  });

  it('records nothing under a released claim', async () => {
    const claim = await hold(registry);
    await registry.release(claim);
    await expect(registry.add(recordOf('d1'), claim)).resolves.toBe(false);
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    await expect(stateOf()).resolves.toBe('claimed');
  });

  it('keeps a completed key when its claim is released', async () => {
    const claim = await hold(registry);
    await registry.add(recordOf('d1'), claim);
    await registry.release(claim);
    await expect(stateOf()).resolves.toBe('completed by d1');
  });

  it('keeps a completed key when its download is removed', async () => {
    await registry.add(recordOf('d1'), await hold(registry));
    await registry.remove('d1');
    await expect(stateOf()).resolves.toBe('completed by d1');
  });

  it('takes a request whose download turned out not to exist for one never carried out', async () => {
    await registry.add(recordOf('d1'), await hold(registry));
    const again = await registry.claim(REQUEST, LEASE, 'd1');
    if (again.state !== 'claimed') throw new Error(again.state);
    await expect(stateOf()).resolves.toBe('running');
    await expect(registry.add(recordOf('d2'), again.claim)).resolves.toBe(true);
    await expect(registry.claim(REQUEST, LEASE, 'd1')).resolves.toEqual({
      state: 'completed',
      downloadId: 'd2',
    });
  });

  it('completes a claim once, by one download', async () => {
    const claim = await hold(registry);
    await registry.add(recordOf('d1'), claim);
    await expect(registry.add(recordOf('d1'), claim)).resolves.toBe(true);
    await expect(registry.add(recordOf('d2'), claim)).resolves.toBe(false);
    await expect(registry.ownerOf('d2')).resolves.toBeUndefined();
    await expect(stateOf()).resolves.toBe('completed by d1');
  });

  it('records nothing under an expired claim', async () => {
    const claim = await hold(registry, 1);
    await delay(A_WHILE);
    await expect(registry.add(recordOf('d1'), claim)).resolves.toBe(false);
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({ records: [], total: 0 });
    await expect(stateOf()).resolves.toBe('claimed');
  });

  it('records nothing under a claim that another has superseded, and leaves that one alone', async () => {
    const first = await hold(registry, 1);
    const second = await vi.waitFor(() => hold(registry));
    await expect(registry.add(recordOf('d1'), first)).resolves.toBe(false);
    await registry.release(first);
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    await expect(stateOf()).resolves.toBe('running');
    await expect(registry.add(recordOf('d2'), second)).resolves.toBe(true);
    await expect(stateOf()).resolves.toBe('completed by d2');
  });

  it('forgets a completed key when the retention is over', async () => {
    const brief = store.open(1);
    await brief.add(recordOf('d1'), await hold(brief));
    await delay(A_WHILE);
    await expect(brief.claim(REQUEST, LEASE)).resolves.toMatchObject({ state: 'claimed' });
    await brief.close();
  });

  it('keeps the same key of another owner apart', async () => {
    const bobs = { ...REQUEST, owner: 'basic:bob', fingerprint: 'body-2' };
    const claim = await hold(registry);
    const bobsClaim = await hold(registry, LEASE, bobs);
    await registry.add(recordOf('d1'), claim);
    await expect(stateOf(bobs)).resolves.toBe('running');
    await registry.release(bobsClaim);
    await expect(stateOf()).resolves.toBe('completed by d1');
  });

  it('keeps strange owners and keys apart', async () => {
    const names = [...STRANGE, 'b:c', 'a:b:c'];
    const requests = names.flatMap((owner) => names.map((key) => ({ ...REQUEST, owner, key })));
    const states = await Promise.all(requests.map((request) => stateOf(request)));
    expect(new Set(states)).toEqual(new Set(['claimed']));
    const again = await Promise.all(requests.map((request) => stateOf(request)));
    expect(new Set(again)).toEqual(new Set(['running']));
  });
}
