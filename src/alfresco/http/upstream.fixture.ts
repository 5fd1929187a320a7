import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import { CircuitBreakers } from './circuit-breaker.js';
import { UpstreamPipeline } from './pipeline.js';
import {
  type Send,
  UpstreamEvents,
  type UpstreamRequest,
  type UpstreamResponse,
} from './upstream-call.js';

/** A request for a layer. */
export function requestOf(more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { operation: 'read', retry: 'never', method: 'GET', path: '/', headers: {}, ...more };
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
  return { pipeline, events, breakers };
}
