import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import { CircuitBreakers } from './circuit-breaker.js';
import { UpstreamPipeline } from './pipeline.js';
import {
  type CallSignal,
  type Send,
  UpstreamEvents,
  type UpstreamRequest,
  type UpstreamResponse,
} from './upstream-call.js';

/** A request for a layer. */
export function requestOf(more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    operation: 'read',
    retry: 'never',
    method: 'GET',
    path: '/',
    template: '/',
    headers: {},
    ...more,
  };
}

/** What is below a layer: it responds like this. */
export function sendBy(
  respond: (request: UpstreamRequest) => Promise<Partial<UpstreamResponse<unknown>>>,
): Send {
  return async (request) =>
    ({ headers: {}, data: undefined, ...(await respond(request)) }) as UpstreamResponse<never>;
}

/** A pipeline with the usual pauses, its events and its breakers. */
export function createPipeline(limits: Pick<AlfrescoConfig, 'timeoutMs' | 'idleTimeoutMs'>) {
  const events = new UpstreamEvents();
  const breakers = new CircuitBreakers(events);
  const http = new HttpService(axios.create());
  const pipeline = new UpstreamPipeline(limits, PACING, breakers, events, http);
  return { pipeline, events, breakers, http };
}

/** A status, a failure, or no response until the call is ended. */
export type Outcome = number | Error | 'never';

/** Sends requests that come to these ends, one after the other, and then succeed. `sentAt` is in milliseconds from now on. */
export function sendOutcomes(outcomes: readonly Outcome[]) {
  const sentAt: number[] = [];
  const start = performance.now();
  const send = sendBy(({ signal }) => {
    sentAt.push(Math.round(performance.now() - start));
    const outcome = outcomes[sentAt.length - 1] ?? 200;
    if (typeof outcome === 'number') return Promise.resolve({ status: outcome });
    return outcome === 'never' ? untilAborted(signal!) : Promise.reject(outcome);
  });
  return { send, sentAt };
}

/** The status or the failure of a call. */
export function endOf(call: Promise<UpstreamResponse<unknown>>): Promise<unknown> {
  return call.then(
    ({ status }) => status,
    (error: unknown) => error,
  );
}

function untilAborted(signal: CallSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  );
}
