import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import { Public } from '../auth/public.decorator.js';
import { ApiOnlyProblems } from '../docs/api-problems.decorator.js';
import { DownloadRegistry } from '../downloads/registry/download.registry.js';
import { ProblemException } from '../problems/problem.exception.js';
import { RequestDrain } from '../shutdown/request.drain.js';
import { Unlimited } from '../throttling/unlimited.decorator.js';

const okSchema = { type: 'string', enum: ['ok'] };
const indicatorSchema = { type: 'object', additionalProperties: { type: 'object' } };

const UP = { store: { status: 'up' }, alfresco: { status: 'up' } };

/** Probes for an orchestrator. Open to everyone, and silent about anything but up or down. */
@Public()
@Unlimited()
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly alfresco: AlfrescoClient,
    private readonly registry: DownloadRegistry,
    private readonly drain: RequestDrain,
  ) {}

  @Get('live')
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Whether the process works',
    description: 'Never depends on Alfresco: a restart of this service would not mend that.',
  })
  @ApiOkResponse({
    description: 'It does.',
    schema: { type: 'object', required: ['status'], properties: { status: okSchema } },
    example: { status: 'ok' },
  })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Whether requests can be served',
    description: 'Asks Alfresco’s own readiness probe, and the store.',
  })
  @ApiOkResponse({
    description: 'They can.',
    schema: {
      type: 'object',
      required: ['status', 'details'],
      properties: {
        status: okSchema,
        info: indicatorSchema,
        error: indicatorSchema,
        details: indicatorSchema,
      },
    },
    example: { status: 'ok', info: UP, error: {}, details: UP },
  })
  @ApiOnlyProblems('ALFRESCO_UNAVAILABLE', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN')
  ready() {
    if (this.drain.isDraining) throw new ProblemException('SHUTTING_DOWN');
    return this.health.check([() => this.checkStore(), () => this.checkAlfresco()]);
  }

  private async checkStore() {
    await this.registry.ping();
    return this.indicators.check('store').up();
  }

  private async checkAlfresco() {
    const diagnosis = await this.alfresco.isReady().then(
      (isReady) => (isReady ? undefined : 'Alfresco says that it is not ready'),
      (error: unknown) => (error instanceof ProblemException && error.diagnosis) || 'no answer',
    );
    if (diagnosis === undefined) return this.indicators.check('alfresco').up();
    const headers = { 'retry-after': '5' };
    throw new ProblemException('ALFRESCO_UNAVAILABLE', { headers, diagnosis });
  }
}
