import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';

/** Injection token of SHUTDOWN_GRACE_MS. */
export const SHUTDOWN_GRACE_MS = Symbol('SHUTDOWN_GRACE_MS');

/**
 * Lets the requests that run come to their end before the service does, and no other in.
 *
 * Nest destroys modules before it calls `beforeApplicationShutdown`: first everybody is told, then everybody waits.
 */
@Injectable()
export class RequestDrain implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger('Shutdown');
  private running = 0;
  private drained?: () => void;

  constructor(@Inject(SHUTDOWN_GRACE_MS) private readonly graceMs: number) {}

  /** Whether the service is about to stop. */
  isDraining = false;

  /** Whether another process takes the connections of this one over: it serves those it has, each for one more answer. */
  isRetiring = false;

  /** Counts a request; a hook of the server, before any work is done for it. */
  enter(request: FastifyRequest, reply: FastifyReply): ProblemException | undefined {
    this.running += 1;
    reply.raw.once('close', () => this.leave());
    if (this.isRetiring) reply.header('connection', 'close');
    if (!this.isDraining) return undefined;
    // An orchestrator asks until the very end, and is answered by the health controller.
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

  private leave(): void {
    this.running -= 1;
    if (this.running === 0) this.drained?.();
  }
}
