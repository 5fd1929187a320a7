/** Leases of workers, each of which has one holder at a time. */
export class Leases<Holder> {
  private readonly held = new Map<string, { readonly holder: Holder; readonly endsAt: number }>();

  /** As `Peers.claim`. */
  claim(holder: Holder, names: readonly string[], leaseMs: number): number[] {
    const now = performance.now();
    return names.map((name) => {
      const lease = this.held.get(name);
      if (lease && lease.holder !== holder && lease.endsAt > now) return lease.endsAt - now;
      this.held.set(name, { holder, endsAt: now + leaseMs });
      return 0;
    });
  }

  release(holder: Holder, names: readonly string[]): void {
    for (const name of names) if (this.held.get(name)?.holder === holder) this.held.delete(name);
  }

  /** After the end of a holder; returns what it held. */
  releaseAll(holder: Holder): string[] {
    const names = [...this.held]
      .filter(([, lease]) => lease.holder === holder)
      .map(([name]) => name);
    this.release(holder, names);
    return names;
  }
}
