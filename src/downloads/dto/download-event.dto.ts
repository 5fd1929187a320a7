import { ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { ProblemDocument } from '../../problems/problem-document.js';
import { ProgressDto } from './progress.dto.js';

/** One server-sent event: its fields as text, as in OpenAPI 3.2, section 4.14.4. */
@ApiSchema({ name: 'DownloadEvent' })
export class DownloadEventDto {
  @ApiProperty({ description: 'For `Last-Event-ID`.' })
  id: string;

  @ApiProperty({
    enum: ['progress', 'stalled', 'done', 'cancelled', 'too-large', 'gone'],
    description: 'What has happened; the last four are the end.',
  })
  event: string;

  @ApiProperty({
    contentMediaType: 'application/json',
    contentSchema: {
      description: 'A problem document with `gone`, else the progress.',
      oneOf: [{ $ref: getSchemaPath(ProgressDto) }, { $ref: getSchemaPath(ProblemDocument) }],
    },
  } as object)
  data: string;
}
