import cluster from 'node:cluster';
import { Logger } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { writeNews } from '../downloads/progress/progress-news.js';
import { createLog } from '../observability/log.js';
import { MemoryCounters } from '../rate-limit/memory-counters.js';
import { announce, reportConfiguration } from '../service.js';
import type { PrimaryCalls } from './channel.js';
import { Leases } from './leases.js';
import { PoolMember } from './pool-member.js';
import { ServiceMetrics } from './service-metrics.js';

/** Workers that may end in a row before the first one is ready. */
const MAX_FAILED_STARTS = 5;

/**
 * The primary of `WORKERS` processes that serve on one port: starts them, replaces those that end, forwards signals, and
 * keeps what must exist once, such as the counters of rate limits. It serves no requests itself.
 */
export class WorkerPool {
  private readonly logger = new Logger('Workers');
  private readonly members = new Set<PoolMember>();
  private readonly counters = new MemoryCounters();
  private readonly leases = new Leases<PoolMember>();
  private readonly metrics: ServiceMetrics;
  private wasReady = false;
  private isAnnounced = false;
  private isStopping = false;
  /** Workers in a row that ended soon after their start. */
  private earlyEnds = 0;
  private restarts = Promise.resolve();
  private isRestartWaiting = false;

  constructor(private readonly config: AppConfig) {
    this.metrics = new ServiceMetrics(config.pacing.workers.responseMs);
  }

  start(): void {
    Logger.overrideLogger(createLog(this.config.logLevel).events);
    reportConfiguration(this.config);
    process.on('SIGTERM', () => this.stop('SIGTERM', 128 + 15));
    process.on('SIGINT', () => this.stop('SIGINT', 128 + 2));
    process.on('SIGHUP', () => this.restart());
    this.fill();
  }

  /** Starts as many workers as are missing. */
  private fill(): void {
    if (this.isStopping) return;
    const missing = this.config.workers - this.in('starting', 'ready').length;
    for (let number = 0; number < missing; number += 1) this.fork();
  }

  private fork(): PoolMember {
    const worker = cluster.fork({
      WORKERS: String(this.config.workers),
      // A generated secret has to be the same in all of them.
      ...(this.config.links.isEphemeral && { LINK_SECRET: this.config.links.secrets[0] }),
    });
    const { steadyMs } = this.config.pacing.workers;
    const member = new PoolMember(worker, steadyMs, (self) => this.callsOf(self));
    this.members.add(member);
    member.onceEnded((cause) => this.ended(member, cause));
    return member;
  }

  private callsOf(member: PoolMember): PrimaryCalls {
    return {
      ready: (address) => this.ready(address),
      failed: (message, exitCode) => {
        if (!this.wasReady && !this.isStopping) this.giveUp(message, exitCode);
        else this.logger.error(`Worker ${member.id} cannot start: ${message}`);
      },
      ended: (snapshot) => this.metrics.remember(member, snapshot),
      metrics: () => this.metrics.page(this.in('ready', 'retiring')),
      hit: (key, windowMs) => this.counters.hit(key, windowMs),
      reserve: (key, windowMs, limit) => this.counters.reserve(key, windowMs, limit),
      giveBack: (key) => this.counters.giveBack(key),
      claim: (names, leaseMs) => this.leases.claim(member, names, leaseMs),
      release: (names) => this.leases.release(member, names),
      publish: (message) => this.publish(member, message),
    };
  }

  /** Passes a message on to all other workers. */
  private publish(sender: PoolMember, message: string): void {
    for (const member of this.members) {
      if (member !== sender) member.channel.tell('receive', message);
    }
  }

  private ready(address: string): void {
    this.wasReady = true;
    if (this.isAnnounced || this.in('ready').length < this.config.workers) return;
    this.isAnnounced = true;
    announce(this.config, address);
  }

  private ended(member: PoolMember, cause: string): void {
    this.members.delete(member);
    this.metrics.forget(member);
    for (const id of this.leases.releaseAll(member)) {
      this.publish(member, writeNews({ kind: 'free', id }));
    }
    if (this.isStopping) {
      if (this.members.size === 0) process.exit(0);
      return;
    }
    if (member.state === 'retiring') return;
    this.earlyEnds = member.isSteady ? 0 : this.earlyEnds + 1;
    if (!this.wasReady && this.earlyEnds >= MAX_FAILED_STARTS) {
      this.giveUp(`No worker gets ready; the last one ended with ${cause}.`, 1);
    }
    const pauseMs = this.pauseMs();
    this.logger.error(`Worker ${member.id} ended with ${cause}; replaced in ${pauseMs} ms`);
    setTimeout(() => this.fill(), pauseMs);
  }

  private pauseMs(): number {
    if (this.earlyEnds === 0) return 0;
    const { firstMs, longestMs } = this.config.pacing.workers.restart;
    return Math.min(firstMs * 2 ** (this.earlyEnds - 1), longestMs);
  }

  /** Replaces all workers, one after the other. Further requests in the meantime lead to one more round. */
  private restart(): void {
    if (this.isRestartWaiting) return;
    this.isRestartWaiting = true;
    this.restarts = this.restarts.then(async () => {
      this.isRestartWaiting = false;
      const members = this.in('ready');
      for (const member of members) if (!(await this.replace(member))) return;
      if (members.length === 0) return;
      this.logger.log('All workers have been replaced');
    });
  }

  private async replace(member: PoolMember): Promise<boolean> {
    if (this.isStopping) return false;
    if (!(await this.fork().outcome)) {
      this.logger.error('The restart is given up: its new worker did not get ready');
      return false;
    }
    if (this.members.has(member)) member.retire();
    return true;
  }

  private stop(signal: NodeJS.Signals, exitCode: number): void {
    if (this.isStopping) this.exit(exitCode);
    this.isStopping = true;
    for (const member of this.members) member.kill(signal);
    if (this.members.size === 0) process.exit(0);
  }

  private giveUp(message: string, exitCode: number): never {
    console.error(message);
    this.exit(exitCode);
  }

  private exit(exitCode: number): never {
    for (const member of this.members) member.kill('SIGKILL');
    process.exit(exitCode);
  }

  private in(...states: readonly PoolMember['state'][]): PoolMember[] {
    return [...this.members].filter(({ state }) => states.includes(state));
  }
}
