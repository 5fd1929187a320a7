import { Tickets } from './tickets.ts';

const MINUTE = 60_000;

describe('Tickets', () => {
  let now = 0;
  const tickets = (): Tickets => new Tickets(() => now);

  it('expires a ticket an hour after it was issued', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 60 * MINUTE;
    expect(store.validate(id)).toBeUndefined();
  });

  it('does not renew a fresh ticket in the first half of its lifetime', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 29 * MINUTE;
    expect(store.validate(id)).toBe('alice');
    now += 31 * MINUTE;
    expect(store.validate(id)).toBeUndefined();
  });

  it('renews it in the second half, and from then on after each tenth', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 31 * MINUTE;
    expect(store.validate(id)).toBe('alice');
    now += 7 * MINUTE;
    expect(store.validate(id)).toBe('alice');
    now += 59 * MINUTE;
    expect(store.validate(id)).toBe('alice');
  });

  it('issues a new ticket once the old one has expired', () => {
    const store = tickets();
    const id = store.issue('alice');
    now += 61 * MINUTE;
    expect(store.issue('alice')).not.toBe(id);
  });

  it('can have another lifetime, with the same rules', () => {
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
