import type { Pacing } from '../../config/pacing.js';
import { KEY_PREFIX, RedisConnection } from '../../store/redis-connection.js';
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
    await this.connection.send((redis) => redis.set(keyOf(hash), holder, 'PX', ttlMs));
  }

  override async find(hash: string): Promise<TicketRecord | undefined> {
    const key = keyOf(hash);
    const [holder, remainingMs] = await this.connection.send((redis) =>
      Promise.all([redis.get(key), redis.pttl(key)]),
    );
    // It may end between the two.
    return holder === null || remainingMs <= 0 ? undefined : { holder, remainingMs };
  }

  override async renew(hash: string, ttlMs: number): Promise<void> {
    await this.connection.send((redis) => redis.pexpire(keyOf(hash), ttlMs));
  }

  override async remove(hash: string): Promise<void> {
    await this.connection.send((redis) => redis.del(keyOf(hash)));
  }

  override close(): Promise<void> {
    return this.connection.close();
  }
}

/** String: the holder of the ticket. */
function keyOf(hash: string): string {
  return `${KEY_PREFIX}ticket:${hash}`;
}
