import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/auth.decorators.js';
import type { MetricsPage } from '../config/worker-context.js';
import { Unlimited } from '../rate-limit/rate-limits.js';
import { METRICS_PAGE } from './metrics.js';

/** For Prometheus. Public like the probes: it names neither callers nor downloads. */
@Public()
@Unlimited()
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(METRICS_PAGE) private readonly page: () => Promise<MetricsPage>) {}

  @Get()
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { contentType, text } = await this.page();
    reply.headers({ 'content-type': contentType, 'cache-control': 'no-store' });
    return text;
  }
}
