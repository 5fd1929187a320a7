import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import { Public } from '../auth/public.decorator.js';
import { ApiOnlyProblems } from '../docs/api-problems.decorator.js';
import { ProblemException } from '../problems/problem.exception.js';
import { Unlimited } from '../throttling/unlimited.decorator.js';

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
  ) {}

  @Get('live')
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Whether the process works',
    description: 'Never depends on Alfresco: a restart of this service would not mend that.',
  })
  @ApiOkResponse({ description: 'It does.', example: { status: 'ok' } })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Whether requests can be served',
    description: 'Asks Alfresco’s own readiness probe.',
  })
  @ApiOkResponse({
    description: 'They can.',
    example: {
      status: 'ok',
      info: { alfresco: { status: 'up' } },
      error: {},
      details: { alfresco: { status: 'up' } },
    },
  })
  @ApiOnlyProblems('ALFRESCO_UNAVAILABLE')
  ready() {
    return this.health.check([() => this.checkAlfresco()]).catch(() => {
      throw new ProblemException('ALFRESCO_UNAVAILABLE', { headers: { 'retry-after': '5' } });
    });
  }

  private async checkAlfresco() {
    const indicator = this.indicators.check('alfresco');
    const isReady = await this.alfresco.isReady().catch(() => false);
    return isReady ? indicator.up() : indicator.down();
  }
}
