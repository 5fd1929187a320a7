import { Metrics } from './metrics.js';

const samples = async (metrics: Metrics, name: string) =>
  (await metrics.render()).text.match(new RegExp(`^${name}.*$`, 'gm'));

describe('metrics that are read when Prometheus asks', () => {
  it('are of that moment', async () => {
    const metrics = new Metrics();
    let open = 1;
    metrics.gauge('bff_test_open', 'Test.', () => open);
    expect(await samples(metrics, 'bff_test_open')).toEqual(['bff_test_open 1']);
    open = 0;
    expect(await samples(metrics, 'bff_test_open')).toEqual(['bff_test_open 0']);
  });

  it('never fall when they are totals', async () => {
    const metrics = new Metrics();
    let total = 10;
    metrics.total('bff_test_total', 'Test.', () => total);
    expect(await samples(metrics, 'bff_test_total')).toEqual(['bff_test_total 10']);
    total = 9;
    expect(await samples(metrics, 'bff_test_total')).toEqual(['bff_test_total 10']);
    total = 11;
    expect(await samples(metrics, 'bff_test_total')).toEqual(['bff_test_total 11']);
  });
});
