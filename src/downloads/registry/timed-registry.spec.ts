import { Metrics } from '../../observability/metrics.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { openRegistry } from './registry.factory.js';
import { timedRegistry } from './timed-registry.js';

const counts = async (metrics: Metrics) =>
  (await metrics.render()).text.match(/(?<=^bff_registry_operation_duration_seconds_count).*$/gm);

describe('the durations of store operations', () => {
  it('are measured for each operation, by whether it failed', async () => {
    const metrics = new Metrics();
    const registry = timedRegistry(
      openRegistry({ url: 'sqlite::memory:', retentionMs: 60_000 }),
      metrics,
    );
    await registry.add({ id: 'a', owner: 'alice', createdAt: 1 });
    expect(await registry.ownerOf('a')).toBe('alice');
    expect(await registry.ownerOf('b')).toBeUndefined();
    await registry.close();
    await expect(registry.ownerOf('a')).rejects.toBeInstanceOf(ProblemException);
    expect(await counts(metrics)).toEqual([
      '{operation="add",outcome="ok"} 1',
      '{operation="owner_of",outcome="ok"} 2',
      '{operation="owner_of",outcome="error"} 1',
    ]);
  });

  it('include the work that a store does before it gives a promise', async () => {
    const metrics = new Metrics();
    const busy = { ping: () => (spin(20), Promise.resolve()) };
    await timedRegistry(busy as never, metrics).ping();
    const { text } = await metrics.render();
    const sum = /_sum\{operation="ping",outcome="ok"\} (\S+)/.exec(text)![1];
    expect(Number(sum)).toBeGreaterThanOrEqual(0.02);
  });
});

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
