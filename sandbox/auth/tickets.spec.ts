import { Logins } from './logins.ts';
import { Tickets } from './tickets.ts';

const MINUTE = 60_000;

describe('Tickets', () => {
  let now = 0;
  const tickets = (): Tickets => new Tickets(() => now);

  it('lets a ticket die an hour after it was issued', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 60 * MINUTE;
    expect(store.validate(id)).toBeUndefined();
  });

  it('does not renew a fresh ticket before half its time is over', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 29 * MINUTE;
    expect(store.validate(id)).toBe('alice');
    now += 31 * MINUTE;
    expect(store.validate(id)).toBeUndefined();
  });

  it('renews in the second half, and from then on whenever a tenth is over', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 31 * MINUTE;
    expect(store.validate(id)).toBe('alice');
    now += 7 * MINUTE;
    expect(store.validate(id)).toBe('alice');
    now += 59 * MINUTE;
    expect(store.validate(id)).toBe('alice');
  });

  it('issues a new ticket once the old one is dead', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 61 * MINUTE;
    expect(store.issue('alice')).not.toBe(id);
  });

  it('can have another time to live, with the same rules', () => {
    const store = new Tickets(() => now, 1000);
    const id = store.issue('alice');
    now += 499;
    expect(store.validate(id)).toBe('alice');
    now += 2;
    expect(store.validate(id)).toBe('alice');
    now += 999;
    expect(store.validate(id)).toBe('alice');
    now += 1000;
    expect(store.validate(id)).toBeUndefined();
  });

  it('loses all tickets at once', () => {
    const store = tickets();
    const ids = [store.issue('alice'), store.issue('bob')];
    store.clear();
    expect(ids.map((id) => store.validate(id))).toEqual([undefined, undefined]);
  });
});

describe('Logins', () => {
  it('accepts the right password again six seconds after the last of ten failures', () => {
    let now = 0;
    const logins = new Logins([{ id: 'alice', password: 'right' }], () => now);
    for (let failures = 0; failures < 9; failures += 1) logins.accepts('alice', 'wrong');
    expect(logins.accepts('alice', 'right')).toBe(true);
    for (let failures = 0; failures < 10; failures += 1) logins.accepts('alice', 'wrong');
    now += 5_999;
    // Which starts the six seconds anew.
    expect(logins.accepts('alice', 'right')).toBe(false);
    now += 5_999;
    expect(logins.accepts('alice', 'right')).toBe(false);
    now += 6_000;
    expect(logins.accepts('alice', 'right')).toBe(true);
  });
});
