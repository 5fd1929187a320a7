import { BoundedMap } from './bounded-map.js';

describe('a bounded map', () => {
  let map: BoundedMap<string, number>;

  beforeEach(() => {
    map = new BoundedMap<string, number>(2).set('a', 1).set('b', 2);
  });

  it('keeps as many entries as it may', () => {
    expect([...map]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('forgets the eldest entry when there is one too many', () => {
    map.set('c', 3);
    expect([...map.keys()]).toEqual(['b', 'c']);
    expect(map.get('a')).toBeUndefined();
  });

  it('takes an entry that is set again for the newest, and forgets no other for it', () => {
    map.set('a', 4);
    expect(map.size).toBe(2);
    map.set('c', 3);
    expect([...map]).toEqual([
      ['a', 4],
      ['c', 3],
    ]);
  });

  it('does not take an entry for new that is only read', () => {
    map.get('a');
    map.set('c', 3);
    expect(map.has('a')).toBe(false);
  });

  it('has room for another one after a deletion', () => {
    map.delete('a');
    map.set('c', 3);
    expect([...map.keys()]).toEqual(['b', 'c']);
  });
});
