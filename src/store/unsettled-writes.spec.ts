import { UnsettledWrites } from './unsettled-writes.js';

describe('writes that may have happened', () => {
  let writes: UnsettledWrites;
  let undone: number[];
  let isUp: boolean;

  const undoOf = (number: number) => async (): Promise<void> => {
    if (!isUp) throw new Error('down');
    undone.push(number);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    writes = new UnsettledWrites();
    undone = [];
    isUp = false;
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('are taken back once, in order, when the store is up again', async () => {
    for (const number of [1, 2, 3]) writes.add(undoOf(number));
    await vi.advanceTimersByTimeAsync(2000);
    expect(undone).toEqual([]);
    isUp = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(undone).toEqual([1, 2, 3]);
  });

  it('leave no timer behind when all are taken back', async () => {
    isUp = true;
    writes.add(undoOf(1));
    expect(vi.getTimerCount()).toBe(1);
    await writes.settle();
    expect(vi.getTimerCount()).toBe(0);
    writes.add(undoOf(2));
    await vi.advanceTimersByTimeAsync(1000);
    expect(undone).toEqual([1, 2]);
  });

  it('leave no timer behind when the store is down at the end', async () => {
    writes.add(undoOf(1));
    await writes.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are given up, the oldest first, when they are too many', async () => {
    for (let number = 0; number < 10_001; number += 1) writes.add(undoOf(number));
    isUp = true;
    await writes.settle();
    expect(undone).toHaveLength(10_000);
    expect(undone[0]).toBe(1);
  });
});
