import { Injectable } from '@nestjs/common';
import { type Download, isTerminal } from '../../alfresco/download.js';
import { Metrics } from '../../observability/metrics.js';
import { BoundedMap } from '../../store/bounded-map.js';

const MAX_REMEMBERED = 10_000;

/** Counts downloads by the state in which they end. */
@Injectable()
export class DownloadEndings {
  private readonly counted = new BoundedMap<string, true>(MAX_REMEMBERED);
  private readonly endings;

  constructor(metrics: Metrics) {
    this.endings = metrics.counter(
      'bff_downloads_ended_total',
      'Downloads by final state, as far as somebody looked at them after their end; counted once by each process.',
      ['status'],
    );
  }

  /** Takes every status that Alfresco reports; counts a download at its first final one. */
  recordOutcome({ id, status }: Pick<Download, 'id' | 'status'>): void {
    if (!isTerminal(status) || this.counted.has(id)) return;
    this.endings.inc({ status });
    this.counted.set(id, true);
  }
}
