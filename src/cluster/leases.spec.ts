import { Leases } from './leases.js';

describe('leases of workers', () => {
  let leases: Leases<string>;

  beforeEach(() => {
    vi.useFakeTimers();
    leases = new Leases();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('have one holder each, who can keep them', () => {
    expect(leases.claim('one', ['a', 'b'], 1000)).toEqual([0, 0]);
    vi.advanceTimersByTime(400);
    expect(leases.claim('one', ['b'], 1000)).toEqual([0]);
    expect(leases.claim('other', ['a', 'b', 'c'], 1000)).toEqual([600, 1000, 0]);
  });

  it('end by themselves', () => {
    leases.claim('one', ['a'], 1000);
    vi.advanceTimersByTime(1000);
    expect(leases.claim('other', ['a'], 1000)).toEqual([0]);
    expect(leases.claim('one', ['a'], 1000)).toEqual([1000]);
  });

  it('end when their holder releases them, and nobody else', () => {
    leases.claim('one', ['a'], 1000);
    leases.release('other', ['a']);
    expect(leases.claim('other', ['a'], 1000)).toEqual([1000]);
    leases.release('one', ['a']);
    expect(leases.claim('other', ['a'], 1000)).toEqual([0]);
  });

  it('end with their holder', () => {
    leases.claim('one', ['a', 'b'], 1000);
    leases.claim('other', ['c'], 1000);
    expect(leases.releaseAll('one')).toEqual(['a', 'b']);
    expect(leases.claim('other', ['a', 'b'], 1000)).toEqual([0, 0]);
    expect(leases.claim('one', ['c'], 1000)).toEqual([1000]);
  });
});
