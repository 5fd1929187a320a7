import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** What the readiness probe checks, each with its state. */
type Indicators = Record<string, object>;

const indicators = { type: 'object', additionalProperties: { type: 'object' } } as const;

@ApiSchema({ name: 'Liveness' })
export class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';
}

@ApiSchema({ name: 'Readiness' })
export class ReadinessDto {
  @ApiProperty({ enum: ['ok', 'degraded'], description: 'degraded: some requests are refused.' })
  status: 'ok' | 'degraded';

  @ApiProperty({ ...indicators, selfRequired: false, description: 'Checks that have passed.' })
  info?: Indicators;

  @ApiProperty({ ...indicators, selfRequired: false, description: 'Checks that have failed.' })
  error?: Indicators;

  @ApiProperty({ ...indicators, description: 'All checks.' })
  details: Indicators;
}
