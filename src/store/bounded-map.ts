/**
 * A map for what a process remembers only as long as there is room: beyond `maxSize` entries it forgets the eldest. An
 * entry that is set again counts as new, one that is only read does not.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  constructor(private readonly maxSize: number) {
    super();
  }

  override set(key: K, value: V): this {
    // A Map keeps the place of a key that it knows.
    this.delete(key);
    super.set(key, value);
    if (this.size > this.maxSize) this.delete(this.keys().next().value!);
    return this;
  }
}
