import { spawnSync } from 'node:child_process';
import { needsTools } from '../harness/tools.js';

describe('deploy/prometheus/prometheus.yml', () => {
  it('is a configuration that Prometheus accepts, with the alert rules', (context) => {
    needsTools(context, 'promtool');
    const args = ['check', 'config', 'deploy/prometheus/prometheus.yml'];
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    expect(stdout + stderr).toContain('1 rule files found');
    expect(status).toBe(0);
  });
});
