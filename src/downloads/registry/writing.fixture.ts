import { once } from 'node:events';
import { openRegistry } from './registry.factory.js';

/**
 * Runs in a process of its own: records downloads of `owner` one after the other, and writes a line for each
 * that has been acknowledged. Opens the store after a line on stdin, so that processes can start together.
 */
export async function write(url: string, owner: string, count: number): Promise<void> {
  console.log('ready');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  const registry = openRegistry({ url, retentionMs: 3_600_000 });
  for (let number = 0; number < count; number += 1) {
    const id = `${owner}-${number}`;
    // oxlint-disable-next-line no-await-in-loop
    if (await registry.add({ id, owner, createdAt: Date.now() })) console.log(id);
  }
  await registry.close();
}
