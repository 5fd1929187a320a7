import { DownloadEndings } from './download-endings.js';
import { Metrics } from '../../observability/metrics.js';

describe('downloads by end state', () => {
  it('are counted once, when they have ended', async () => {
    const metrics = new Metrics();
    const endings = new DownloadEndings(metrics);
    for (const status of ['PENDING', 'IN_PROGRESS', 'DONE', 'DONE'] as const) {
      endings.recordOutcome({ id: 'a', status });
    }
    endings.recordOutcome({ id: 'b', status: 'CANCELLED' });
    endings.recordOutcome({ id: 'c', status: 'DONE' });
    const { text } = await metrics.render();
    expect(text.match(/^bff_downloads_ended_total\{.*$/gm)).toEqual([
      'bff_downloads_ended_total{status="DONE"} 2',
      'bff_downloads_ended_total{status="CANCELLED"} 1',
    ]);
  });
});
