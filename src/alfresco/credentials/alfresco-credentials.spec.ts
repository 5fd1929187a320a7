import { PACING } from '../../config/pacing.js';
import { LoginPause } from './alfresco-credentials.js';

/** `authentication.protection.periodSeconds` of Alfresco, which each attempt starts anew. */
const LOCK_MS = 6000;

describe('a pause after rejected credentials', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each([0, 0.999])('outgrows the lock of Alfresco before ten attempts have failed', (chance) => {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    const pause = new LoginPause();
    const lengths = Array.from({ length: 9 }, () => {
      pause.begin();
      const began = performance.now();
      while (pause.isRunning) vi.advanceTimersByTime(10);
      return performance.now() - began;
    });
    expect(Math.max(...lengths)).toBeLessThanOrEqual(PACING.login.longestMs + 10);
    expect(lengths.slice(4).every((length) => length > LOCK_MS)).toBe(true);
  });
});
