import type { Worker } from 'node:cluster';
import { Channel, type PrimaryCalls, type WorkerCalls } from './channel.js';

/** A worker, as the primary sees it. */
export class PoolMember {
  state: 'starting' | 'ready' | 'retiring' = 'starting';
  readonly channel: Channel<WorkerCalls, PrimaryCalls>;
  /** Whether it got ready, once that is known. */
  readonly outcome: Promise<boolean>;
  hasEnded = false;
  private readonly startedAt = performance.now();

  /**
   * @param steadyMs milliseconds after which its end no longer counts as a failed start
   * @param calls functions that this worker may call
   */
  constructor(
    private readonly worker: Worker,
    private readonly steadyMs: number,
    calls: (member: PoolMember) => PrimaryCalls,
  ) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.outcome = promise;
    const ours = calls(this);
    this.channel = new Channel(worker, {
      ...ours,
      ready: (address) => {
        this.state = 'ready';
        ours.ready(address);
        resolve(true);
      },
    });
    worker.once('exit', () => {
      this.hasEnded = true;
      resolve(false);
    });
  }

  get id(): number {
    return this.worker.id;
  }

  get isSteady(): boolean {
    return performance.now() - this.startedAt > this.steadyMs;
  }

  /** Calls back when it ends, with the signal or the exit code. */
  onceEnded(callback: (cause: string) => void): void {
    this.worker.once('exit', (code: number, signal: string | null) =>
      callback(signal ?? `exit code ${code}`),
    );
  }

  retire(): void {
    this.state = 'retiring';
    void this.channel.call('retire');
  }

  kill(signal: NodeJS.Signals): void {
    this.worker.process.kill(signal);
  }
}
