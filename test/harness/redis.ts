import { RedisServer } from './redis-server.js';

export interface RedisProcess {
  readonly url: string;
  keys(): Promise<string[]>;
  /** Remaining time to live of each key, in milliseconds. */
  lifetimes(): Promise<number[]>;
  flush(): Promise<unknown>;
  /** Makes it unresponsive while its connections stay open. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** A separate Redis for a test, in memory only. */
export async function startRedis(): Promise<RedisProcess> {
  const server = new RedisServer();
  await server.start();
  const keys = () => server.run((client) => client.keys('*'));
  return {
    url: server.url,
    keys,
    lifetimes: async () => {
      const names = await keys();
      return server.run((client) => Promise.all(names.map((key) => client.pttl(key))));
    },
    flush: () => server.run((client) => client.flushall()),
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    stop: () => server.dispose(),
  };
}
