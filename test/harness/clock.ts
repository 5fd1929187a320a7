/** Puts the clocks of a file forward by so many milliseconds. */
export type Skip = (ms: number) => void;

/**
 * Clocks that a file can put forward, for all services and stand-ins of this process: `Date.now()` and
 * `performance.now()`. Timers run as ever. They are put back after the tests of the file.
 */
export function clockOfFile(): Skip {
  let aheadMs = 0;
  beforeAll(() => {
    const spies = [performance, Date].map((clock: { now(): number }) => {
      const now = clock.now.bind(clock);
      return vi.spyOn(clock, 'now').mockImplementation(() => now() + aheadMs);
    });
    return () => {
      for (const spy of spies) spy.mockRestore();
    };
  });
  return (ms) => {
    aheadMs += ms;
  };
}
