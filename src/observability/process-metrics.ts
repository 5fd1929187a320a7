import { Registry, collectDefaultMetrics } from 'prom-client';
import { VERSION } from '../config/version.js';
import { Metrics } from './metrics.js';

/** Gauges that are named like counters, which `promtool check metrics` refuses; the same by type is there besides. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** A registry with what can be told of the process: prom-client's own metrics, and the version. */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Metrics(registry)
    .labelledGauge('bff_build_info', 'Always 1; what is told is the version.', ['version'], 'first')
    .set({ version: VERSION }, 1);
  return registry;
}
