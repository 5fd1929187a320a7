import type { Redis } from 'ioredis';
import type { Pacing } from '../../config/pacing.js';
import { RedisConnection } from '../../store/redis-connection.js';
import { redisErrorName, redisProblem } from '../../store/redis-failure.js';
import { ticketKey } from '../../downloads/registry/redis-keys.js';
import { type TicketRecord, TicketStore } from './ticket-store.js';

/** Keeps tickets in a Redis that several machines share; each expires by itself. */
export class RedisTicketStore extends TicketStore {
  private readonly connection: RedisConnection;

  /** @throws ConfigurationError when the URL is not one of Redis */
  constructor(url: string, pacing: Pacing['store']) {
    super();
    this.connection = new RedisConnection(url, pacing);
  }

  override async save(hash: string, holder: string, ttlMs: number): Promise<void> {
    await this.send((redis) => redis.set(ticketKey(hash), holder, 'PX', ttlMs));
  }

  override async find(hash: string): Promise<TicketRecord | undefined> {
    const key = ticketKey(hash);
    const [holder, remainingMs] = await this.send((redis) =>
      Promise.all([redis.get(key), redis.pttl(key)]),
    );
    // It may end between the two.
    return holder === null || remainingMs <= 0 ? undefined : { holder, remainingMs };
  }

  override async renew(hash: string, ttlMs: number): Promise<void> {
    await this.send((redis) => redis.pexpire(ticketKey(hash), ttlMs));
  }

  override async remove(hash: string): Promise<void> {
    await this.send((redis) => redis.del(ticketKey(hash)));
  }

  override close(): Promise<void> {
    return this.connection.close();
  }

  private async send<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    const obstacle = await this.connection.obstacle();
    if (obstacle) throw redisProblem(obstacle);
    try {
      return await command(this.connection.redis);
    } catch (error) {
      throw redisProblem(redisErrorName(error));
    }
  }
}
