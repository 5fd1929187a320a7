import { Controller, Get, Inject, Optional, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import { CircuitBreakers } from '../alfresco/http/circuit-breaker.js';
import { Public } from '../auth/auth.decorators.js';
import { ProviderProbe } from '../auth/provider-discovery.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { DownloadRegistry } from '../downloads/registry/download-registry.js';
import { ApiOnlyProblems } from '../openapi/api-problems.decorators.js';
import { ProblemException } from '../problems/problem.exception.js';
import { Unlimited } from '../rate-limit/rate-limits.js';
import { RequestDrain } from '../server/request-drain.js';
import { LivenessDto, ReadinessDto } from './health.dto.js';

const UP = {
  store: { status: 'up' },
  alfresco: { status: 'up' },
  breakers: { status: 'up', read: 'closed', write: 'closed', content: 'closed', login: 'closed' },
};

/** Seconds. */
const RETRY_AFTER = '5';

/** Probes for an orchestrator. Public, so they disclose nothing but up or down; details go to the log. */
@Public()
@Unlimited()
@ApiTags('health')
@Controller('health')
export class HealthController {
  private latest?: Promise<HealthCheckResult>;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly alfresco: AlfrescoClient,
    private readonly registry: DownloadRegistry,
    private readonly breakers: CircuitBreakers,
    private readonly drain: RequestDrain,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'health'>,
    @Optional() private readonly provider?: ProviderProbe,
  ) {}

  @Get('live')
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Whether the process works',
    description: 'Never depends on Alfresco: a restart of this service would not mend that.',
  })
  @ApiOkResponse({
    description: 'It does.',
    type: LivenessDto,
    example: { status: 'ok' },
  })
  live(): LivenessDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Whether requests can be served',
    description:
      'Asks Alfresco’s own readiness probe and the store, and reports the state of the breakers that keep requests from an ' +
      'Alfresco that fails: with an open one the service is degraded, and so it is while Alfresco is read-only, from the first ' +
      'change that it refuses to the next that it makes. With AUTH=bearer and session, `identityProvider` is degraded while the ' +
      'provider does not respond: most callers are served without it. `details` has all of them, also when they cannot be served.',
  })
  @ApiOkResponse({
    description: 'They can.',
    type: ReadinessDto,
    example: { status: 'ok', info: UP, error: {}, details: UP },
  })
  @ApiOnlyProblems('ALFRESCO_UNAVAILABLE', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN')
  ready(): Promise<HealthCheckResult> {
    if (this.drain.isDraining) throw new ProblemException('SHUTTING_DOWN');
    // Anyone may call this, as often as they like: one check serves all calls of a moment.
    this.latest ??= this.check().finally(() => {
      setTimeout(() => (this.latest = undefined), this.pacing.health.rememberMs).unref();
    });
    return this.latest;
  }

  private async check(): Promise<HealthCheckResult> {
    const diagnoses: string[] = [];
    try {
      return await this.health.check([
        () => this.checkStore(diagnoses),
        () => this.checkAlfresco(diagnoses),
        () => this.checkBreakers(),
        ...(this.provider ? [() => this.checkProvider(this.provider!)] : []),
      ]);
    } catch (error) {
      throw notReady(error, diagnoses.join('; '));
    }
  }

  private async checkStore(diagnoses: string[]) {
    const store = this.indicators.check('store');
    try {
      await this.registry.ping();
      return store.up();
    } catch (error) {
      diagnoses.push(diagnosisOf(error));
      return store.down();
    }
  }

  private async checkAlfresco(diagnoses: string[]) {
    const alfresco = this.indicators.check('alfresco');
    try {
      if (await this.alfresco.isReady()) {
        return this.alfresco.isReadOnly ? alfresco.degraded({ readOnly: true }) : alfresco.up();
      }
      diagnoses.push('Alfresco says that it is not ready');
    } catch (error) {
      diagnoses.push(diagnosisOf(error));
    }
    return alfresco.down();
  }

  /** Never down: callers with a token, a session or a password are served without it. */
  private async checkProvider(provider: ProviderProbe) {
    const indicator = this.indicators.check('identityProvider');
    return (await provider.isAvailable()) ? indicator.up() : indicator.degraded();
  }

  /** Never down: with an open breaker some requests are refused at once, and the others work. */
  private checkBreakers() {
    const breakers = this.breakers.states();
    const states = Object.fromEntries(breakers.map(({ operation, state }) => [operation, state]));
    const indicator = this.indicators.check('breakers');
    const isOpen = breakers.some(({ state }) => state === 'open');
    return isOpen ? indicator.degraded(states) : indicator.up(states);
  }
}

function notReady(error: unknown, diagnosis: string): unknown {
  if (!(error instanceof ServiceUnavailableException)) return error;
  const { details } = error.getResponse() as HealthCheckResult;
  const code = details.store?.status === 'down' ? 'STORE_UNAVAILABLE' : 'ALFRESCO_UNAVAILABLE';
  const headers = { 'retry-after': RETRY_AFTER };
  return new ProblemException(code, { headers, diagnosis, extensions: { details } });
}

function diagnosisOf(error: unknown): string {
  return (error instanceof ProblemException && error.diagnosis) || 'no response';
}
