import { spawnSync } from 'node:child_process';
import { requirePrograms } from '../harness/programs.js';

describe('deploy/prometheus/prometheus.yml', () => {
  it('is accepted by Prometheus, with the alert rules', (context) => {
    requirePrograms(context, 'promtool');
    const args = ['check', 'config', 'deploy/prometheus/prometheus.yml'];
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    expect(stdout + stderr).toContain('1 rule files found');
    expect(status).toBe(0);
  });
});
