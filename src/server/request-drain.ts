import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';

/** Injection token of the setting with this name; milliseconds. */
export const SHUTDOWN_GRACE_MS = Symbol('SHUTDOWN_GRACE_MS');

/**
 * Lets running requests end before the service does, and admits no new ones.
 *
 * Nest calls `onModuleDestroy` of all modules before any `beforeApplicationShutdown`: event streams have been asked to end by
 * the time this waits for them.
 */
@Injectable()
export class RequestDrain implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger('Shutdown');
  private running = 0;
  private drained?: () => void;

  /** Whether the service is about to stop and refuses requests. */
  isDraining = false;

  /** Whether another process takes over: each open connection is served once more, and then closed. */
  isRetiring = false;

  constructor(@Inject(SHUTDOWN_GRACE_MS) private readonly graceMs: number) {}

  /** Counts a request; has to be called before any work is done for it. */
  enter(request: FastifyRequest, reply: FastifyReply): ProblemException | undefined {
    this.running += 1;
    reply.raw.on('close', this.leave);
    if (this.isRetiring) reply.header('connection', 'close');
    if (!this.isDraining) return undefined;
    // Orchestrators probe until the end; the health controller tells them that the service is stopping.
    reply.header('connection', 'close');
    return request.routeOptions.url?.startsWith('/health/')
      ? undefined
      : new ProblemException('SHUTTING_DOWN', { headers: { 'retry-after': '1' } });
  }

  onModuleDestroy(): void {
    this.isDraining = true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.running === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.drained = resolve;
    const timer = setTimeout(resolve, this.graceMs);
    await promise;
    clearTimeout(timer);
    if (this.running > 0) {
      this.logger.warn(
        `${this.running} requests still run after ${this.graceMs} ms and are cut off`,
      );
    }
  }

  /** One function for all requests, since this runs for each. */
  private readonly leave = (): void => {
    this.running -= 1;
    if (this.running === 0) this.drained?.();
  };
}
