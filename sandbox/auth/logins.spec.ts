import { Logins } from './logins.ts';

const PROTECTION_MS = 6_000;

describe('the guard against guessed passwords', () => {
  let now: number;
  let logins: Logins;
  const right = (): boolean => logins.accepts('eve', 'eve') === 'eve';
  const wrong = (times: number): void => {
    for (let failures = 0; failures < times; failures += 1)
      expect(logins.accepts('eve', 'wrong')).toBe(undefined);
  };

  beforeEach(() => {
    now = 0;
    logins = new Logins([{ id: 'eve', password: 'eve' }], PROTECTION_MS, () => now);
  });

  it('starts counting again after the right password', () => {
    wrong(9);
    expect(right()).toBe(true);
    wrong(9);
    expect(right()).toBe(true);
  });

  it('refuses even the right password after ten failures, and restarts the lock at each attempt', () => {
    wrong(10);
    expect(right()).toBe(false);
    for (const pause of [3_000, 4_000, 5_900]) {
      now += pause;
      expect(right()).toBe(false);
    }
    now += 6_500;
    expect(right()).toBe(true);
  });

  it('stays locked while attempts come every half second', () => {
    wrong(10);
    for (const until = now + 20_000; now < until; now += 500) expect(right()).toBe(false);
  });

  it('ignores the case of a name and returns it in its own spelling', () => {
    expect(logins.accepts('EVE', 'eve')).toBe('eve');
    wrong(9);
    expect(logins.accepts('Eve', 'wrong')).toBe(undefined);
    expect(right()).toBe(false);
  });
});
