import { Metrics } from '../../observability/metrics.js';
import { RequestContext, runInRequest } from '../../observability/request-context.js';
import { UpstreamMetrics, observation } from './observation.js';
import { createPipeline, requestOf, sendBy } from './upstream.fixture.js';

describe('the metrics of calls to Alfresco', () => {
  const metrics = new Metrics();
  const { pipeline, events, breakers } = createPipeline({
    timeoutMs: 15_000,
    idleTimeoutMs: 15_000,
  });
  const layers = {
    observation: observation(new UpstreamMetrics(metrics, events, breakers), 'http://acs.internal'),
  };
  const samples = async (name: string) =>
    (await metrics.render()).text.match(new RegExp(`^${name}.*$`, 'gm'));

  it('shows the state of each circuit breaker', async () => {
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    for (let failures = 0; failures < 5; failures++) {
      const failing = pipeline.compose(() => Promise.reject(reset), layers)(requestOf());
      await expect(failing).rejects.toMatchObject({ code: 'ALFRESCO_UNREACHABLE' });
    }
    expect(await samples('bff_breaker_state')).toEqual([
      'bff_breaker_state{operation="read"} 2',
      'bff_breaker_state{operation="write"} 0',
      'bff_breaker_state{operation="content"} 0',
      'bff_breaker_state{operation="login"} 0',
    ]);
    const succeeding = sendBy(async () => ({ status: 200 }));
    await expect(pipeline.compose(succeeding, layers)(requestOf())).rejects.toThrow();
    expect(await samples('bff_upstream_rejections_total')).toEqual([
      'bff_upstream_rejections_total{operation="read",reason="breaker"} 1',
    ]);
  });

  it('counts retries and resumes, of all and of the request on whose behalf they are', async () => {
    const request = new RequestContext('a');
    const retry = { operation: 'read', cause: 'ECONNRESET' } as const;
    runInRequest(request, () => {
      events.emit('retry', retry);
      events.emit('resume', { outcome: 'resumed', cause: 'ECONNRESET' });
      events.emit('resume', { outcome: 'failed', cause: 'ECONNRESET' });
    });
    events.emit('retry', retry);
    expect(await samples('bff_upstream_retries_total')).toEqual([
      'bff_upstream_retries_total{operation="read"} 2',
    ]);
    expect(await samples('bff_content_resumes_total')).toEqual([
      'bff_content_resumes_total{outcome="resumed"} 1',
      'bff_content_resumes_total{outcome="failed"} 1',
    ]);
    expect(request).toMatchObject({ retries: 1, resumes: 1 });
  });
});
