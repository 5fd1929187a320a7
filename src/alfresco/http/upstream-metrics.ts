import { Injectable } from '@nestjs/common';
import type { UpstreamPolicy } from './upstream-policy.js';
import { Metrics } from '../../observability/metrics.js';
import { currentRequest } from '../../observability/request-context.js';

const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** How calls to Alfresco go. `operation` is one of few words, never a path with an id in it. */
@Injectable()
export class UpstreamMetrics {
  private breakers: UpstreamPolicy['breakers'] = () => [];
  private readonly calls;
  private readonly retries;
  private readonly rejections;
  private readonly resumes;

  constructor(metrics: Metrics) {
    this.calls = metrics.histogram(
      'bff_upstream_request_duration_seconds',
      'Each attempt of a call to Alfresco: JSON to the end of the answer, content to its head. status is its class, or why there was none.',
      ['operation', 'status'],
    );
    this.retries = metrics.counter(
      'bff_upstream_retries_total',
      'Calls to Alfresco that were made again after a failure.',
      ['operation'],
    );
    this.rejections = metrics.counter(
      'bff_upstream_rejections_total',
      'Calls that were refused without asking Alfresco: a breaker was open, or all places for ZIPs were taken.',
      ['operation', 'reason'],
    );
    this.resumes = metrics.counter(
      'bff_content_resumes_total',
      'Attempts to go on with a transfer that broke off at Alfresco, by what came of it.',
      ['outcome'],
    );
    // A series that begins with its first event has no increase for Prometheus, and raises no alert.
    for (const outcome of ['resumed', 'failed']) this.resumes.inc({ outcome }, 0);
    const states = metrics.labelledGauge(
      'bff_breaker_state',
      'Circuit breakers toward Alfresco: 0 closed, 1 half-open, 2 open.',
      ['operation'],
      'max',
      () => {
        for (const { operation, state } of this.breakers()) {
          states.set({ operation }, BREAKER_STATES[state]);
        }
      },
    );
  }

  /** @param status `2xx` to `5xx`, or the kind of failure */
  called(operation: string, status: string, milliseconds: number): void {
    this.calls.observe({ operation, status }, milliseconds / 1000);
  }

  /** Counts what the policy tells, for the request on whose behalf it happens as well. */
  watch(policy: UpstreamPolicy): void {
    policy.events.on('retry', ({ operation }) => {
      this.retries.inc({ operation });
      const request = currentRequest();
      if (request) request.retries++;
    });
    policy.events.on('rejection', ({ operation, reason }) => {
      this.rejections.inc({ operation, reason });
    });
    policy.events.on('resume', ({ outcome }) => {
      this.resumes.inc({ outcome });
      const request = currentRequest();
      if (request && outcome === 'resumed') request.resumes++;
    });
    this.breakers = () => policy.breakers();
  }
}
