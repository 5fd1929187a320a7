/** Advances the clocks of a test file by this many milliseconds. */
export type Skip = (ms: number) => void;

/**
 * Clocks that a test file can advance, for all services and stand-ins of this process: `Date.now()` and
 * `performance.now()`. Timers are not affected. The clocks are restored after the tests of the file.
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
