import { setTimeout as sleep } from 'node:timers/promises';
import { AS_ALICE } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { until } from '../harness/polling.js';

/** Milliseconds after which a watcher gives up on a response. */
const LATE_MS = 3000;

interface Seat {
  url: string;
  events: Events;
}

/** Watchers of one download at several addresses. One whose stream breaks comes back at the next address, as browsers do. */
export class Audience {
  /** How many have come back so far. */
  returned = 0;
  private readonly seats: Seat[] = [];
  private countedFrom = performance.now();
  private isLeaving = false;

  private constructor(private readonly id: string) {}

  /** `count` watchers, in turns at `urls`; each has had an event. */
  static async gather(urls: readonly string[], id: string, count: number): Promise<Audience> {
    const audience = new Audience(id);
    const places = Array.from({ length: count }, (_, index) => urls[index % urls.length]!);
    await Promise.all(places.map((url) => audience.enter(url, urls)));
    await audience.hear();
    return audience;
  }

  get size(): number {
    return this.seats.length;
  }

  /** Waits until each has had another event. */
  async hear(): Promise<void> {
    const now = performance.now();
    await until(
      () => this.seats.filter(({ events }) => !((events.times.at(-1) ?? 0) > now)).length,
      (silent) => silent === 0,
    );
  }

  /** Begins to measure. */
  mark(): void {
    this.countedFrom = performance.now();
  }

  /** Milliseconds, since the mark, of the longest time that a watcher whose stream is open was without an event. */
  get longestGapMs(): number {
    const now = performance.now();
    const gaps = this.seats.map(({ events: { times } }) => {
      const from = Math.max(this.countedFrom, times[0] ?? now);
      const counted = [from, ...times.filter((time) => time > from), now];
      return Math.max(...counted.slice(1).map((time, index) => time - counted[index]!));
    });
    return Math.max(...gaps);
  }

  /** The last event of each. */
  get lastNames(): string[] {
    return this.seats.map(({ events }) => events.names.at(-1) ?? '');
  }

  /** Waits for the end of all streams. */
  async ended(): Promise<void> {
    this.isLeaving = true;
    await Promise.all(this.seats.map(({ events }) => events.ended));
  }

  leave(): void {
    this.isLeaving = true;
    for (const { events } of this.seats) events.close();
  }

  private async enter(url: string, urls: readonly string[]): Promise<void> {
    const seat: Seat = { url, events: await this.open(url) };
    this.seats.push(seat);
    void this.stay(seat, urls);
  }

  private async stay(seat: Seat, urls: readonly string[]): Promise<void> {
    for (let place = urls.indexOf(seat.url); !this.isLeaving;) {
      await seat.events.ended.catch(() => {});
      while (!this.isLeaving) {
        place = (place + 1) % urls.length;
        seat.url = urls[place]!;
        // Node loses a connection that it passes on to a worker which is killed at this moment: no response ever comes.
        const late = sleep(LATE_MS, undefined, { ref: false });
        const events = await Promise.race([this.open(seat.url).catch(() => undefined), late]);
        if (!events) continue;
        seat.events = events;
        this.returned += 1;
        break;
      }
    }
  }

  private async open(url: string): Promise<Events> {
    const events = await Events.openWith(url, this.id, AS_ALICE);
    if (events.response.status !== 200) throw new Error(`status ${events.response.status}`);
    return events;
  }
}
