import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/public.decorator.js';
import { Unlimited } from '../throttling/unlimited.decorator.js';
import { Metrics } from './metrics.js';

/** For Prometheus. Open to everyone who can reach the port; it names no caller and no download. */
@Public()
@Unlimited()
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { contentType, text } = await this.metrics.render();
    reply.headers({ 'content-type': contentType, 'cache-control': 'no-store' });
    return text;
  }
}
