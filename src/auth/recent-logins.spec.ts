import { RecentLogins } from './recent-logins.js';

const ALICE = { id: 'basic:alice', name: 'alice' };
const HEADER = 'Basic YWxpY2U6d29uZGVybGFuZA==';

describe('logins of a moment ago', () => {
  let recent: RecentLogins;
  let now: number;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    now = Date.now();
    recent = new RecentLogins();
    recent.add(HEADER, ALICE, now + 1000);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are found by the header that let the caller in', () => {
    expect(recent.find(HEADER)).toBe(ALICE);
  });

  it.each([
    ['another password', 'Basic YWxpY2U6d29uZGVybGFuZQ=='],
    ['another spelling of the same', 'basic YWxpY2U6d29uZGVybGFuZA=='],
    ['more behind it', `${HEADER} `],
    ['less of it', HEADER.slice(0, -1)],
    ['nothing', ''],
  ])('are not found by %s', (_what, header) => {
    expect(recent.find(header)).toBeUndefined();
  });

  it('end when they are said to', () => {
    vi.setSystemTime(now + 1000);
    expect(recent.find(HEADER)).toBeUndefined();
  });

  it('are bounded in number, the eldest being forgotten first', () => {
    for (let i = 0; i < 10_000; i += 1) recent.add(`Basic ${i}`, ALICE, now + 1000);
    expect(recent.find(HEADER)).toBeUndefined();
    expect(recent.find('Basic 0')).toBe(ALICE);
  });
});
