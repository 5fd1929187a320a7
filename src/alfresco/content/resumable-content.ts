import { Readable } from 'node:stream';
import type { IBackoff } from 'cockatiel';
import { type GrowingPause, PACING } from '../../config/pacing.js';
import type { ProblemCode } from '../../problems/problem-catalogue.js';
import type { ProblemException } from '../../problems/problem.exception.js';
import { ForeignResponseException } from '../responses.js';
import { firstPause, pause } from '../http/retry.js';
import { codeOf, transportProblem } from '../http/transport-failure.js';
import type { ByteRange } from '../download.js';

/**
 * Failures that may be gone a moment later, as while Alfresco restarts. Any other response would come again.
 */
const TRANSIENT: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'ALFRESCO_ERROR',
  'ALFRESCO_TIMEOUT',
  'ALFRESCO_UNAVAILABLE',
  'ALFRESCO_UNREACHABLE',
]);

/**
 * Opens the rest of the content. Its first byte has to be there when it resolves.
 * @throws ProblemException
 */
export type Reopen = (rest: ByteRange, signal: AbortSignal, limitMs: number) => Promise<Readable>;

/** A stream whose connection broke continues. */
export interface Resumed {
  /** Of the byte with which it continues. */
  readonly position: number;
  /** The code of the failure. */
  readonly cause: string;
}

/**
 * Content that continues when its connection to Alfresco breaks, stalls or ends too early: the rest is asked for from the
 * byte reached, and the reader sees one stream. That is sound since the ZIP of a finished download never changes.
 *
 * It never gives more bytes than the range has. Emits `resumed`, with a `Resumed`, each time it continues, and fails with a
 * ProblemException when it cannot.
 */
export class ResumableContent extends Readable {
  private source?: Readable;
  private position: number;
  /** Of the last source. */
  private failure?: Error;
  /** Whether the reader waits for bytes. Otherwise nothing is asked for: an idle connection would only break again. */
  private isWanted = false;
  private isResuming = false;
  private readonly ending = new AbortController();
  /** Of the attempts since the last byte. */
  private backoff?: IBackoff<unknown>;
  private giveUpAt = Infinity;

  /**
   * @param source the content from the first byte of the range on
   * @param waitMs until the next byte has to be there, once there is no connection and the reader waits
   * @param pacing of the attempts to go on
   */
  constructor(
    source: Readable,
    private readonly range: ByteRange,
    private readonly reopen: Reopen,
    private readonly waitMs: number,
    private readonly pacing: GrowingPause = PACING.resume,
  ) {
    // Chunks only pass through; those that the reader does not want yet stay with the source.
    super({ highWaterMark: 0 });
    this.position = range.start;
    this.attach(source);
    this.endIfComplete();
  }

  override _read(): void {
    this.isWanted = true;
    if (this.source) this.source.resume();
    else this.resumeSource();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.ending.abort();
    if (this.source) discard(this.source);
    this.source = undefined;
    callback(error);
  }

  private attach(source: Readable): void {
    this.source = source;
    source.on('data', (chunk: Buffer) => {
      if (this.source === source) this.pass(source, chunk);
    });
    source.once('error', (error) => this.lose(source, error));
    source.once('end', () => this.lose(source));
    source.once('close', () => this.lose(source));
    if (source.destroyed) this.lose(source, source.errored);
    else if (!this.isWanted) source.pause();
  }

  private pass(source: Readable, chunk: Buffer): void {
    const left = this.range.end + 1 - this.position;
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.position += part.length;
    this.backoff = undefined;
    this.isWanted = this.push(part);
    if (!this.endIfComplete() && !this.isWanted) source.pause();
  }

  /** Leaves the source, which has its last byte as well, to end by itself. */
  private endIfComplete(): boolean {
    if (this.position <= this.range.end) return false;
    this.source?.resume();
    this.source = undefined;
    this.push(null);
    return true;
  }

  private lose(source: Readable, failure?: Error | null): void {
    if (this.source !== source) return;
    discard(source);
    this.source = undefined;
    this.failure = failure ?? new EndedEarlyError('the content ended early');
    if (this.isWanted) this.resumeSource();
  }

  private resumeSource(): void {
    if (this.isResuming || this.destroyed || this.failure === undefined) return;
    this.isResuming = true;
    this.nextSource()
      .then((source) => {
        this.isResuming = false;
        this.continueWith(source);
      })
      .catch((error: Error) => this.destroy(error));
  }

  private continueWith(source: Readable): void {
    if (this.destroyed) return discard(source);
    const resumed: Resumed = { position: this.position, cause: codeOf(this.failure) };
    this.failure = undefined;
    this.attach(source);
    this.emit('resumed', resumed);
  }

  /** @throws the last failure when the time is over, or at once one that will not pass */
  private async nextSource(): Promise<Readable> {
    const { signal } = this.ending;
    let failure = transportProblem(this.failure);
    for (;;) {
      const pauseMs = this.nextPauseMs();
      if (pauseMs === undefined) throw failure;
      await pause(pauseMs, signal);
      if (signal.aborted) throw failure;
      try {
        const rest = { start: this.position, end: this.range.end };
        return await this.reopen(rest, signal, this.giveUpAt - performance.now());
      } catch (error) {
        failure = transportProblem(error);
        if (!mayPass(failure)) throw failure;
      }
    }
  }

  /** `undefined` when there is no time for a further attempt. */
  private nextPauseMs(): number | undefined {
    const now = performance.now();
    if (!this.backoff) this.giveUpAt = now + this.waitMs;
    this.backoff = this.backoff?.next(undefined) ?? firstPause(this.pacing);
    const leftMs = this.giveUpAt - now;
    if (leftMs <= this.pacing.firstMs) return undefined;
    // However long the pauses have become, the last attempts are made just before the time is over.
    return Math.min(this.backoff.duration, leftMs / 2);
  }
}

function mayPass(failure: ProblemException): boolean {
  return TRANSIENT.has(failure.code) || failure instanceof ForeignResponseException;
}

class EndedEarlyError extends Error {
  override readonly name = 'EndedEarlyError';
  readonly code = 'ENDED_EARLY';
}

/** Ends the connection of content that will not be read. */
export function discard(content: Readable): void {
  content.on('error', () => {}).destroy();
}
