import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { type Download, isTerminal } from '../../alfresco/download.js';
import { DownloadDto, toDownloadEntry } from './download.dto.js';
import { ProblemDocument } from '../../problems/problem-document.js';

/** How a download moves, beside its counters. */
export interface Movement {
  readonly bytesPerSecond?: number;
  /** Milliseconds of the epoch of the last change, when that is so long ago that the download counts as stalled. */
  readonly stalledSince?: number;
}

/** Data of every event but `gone`. */
@ApiSchema({ name: 'Progress' })
export class ProgressDto {
  @ApiProperty()
  entry: DownloadDto;

  /** Of the source bytes, with one decimal; 100 only when the ZIP is there. */
  @ApiProperty({ minimum: 0, maximum: 100 })
  percent: number;

  /** Only while known. */
  @ApiPropertyOptional({ type: 'integer' })
  bytesPerSecond?: number;

  /** Estimated; only while known. */
  @ApiPropertyOptional({ type: 'integer' })
  remainingSeconds?: number;

  /** Of `stalled` only: since when nothing has moved. */
  @ApiPropertyOptional({ format: 'date-time' })
  unchangedSince?: string;
}

/** For watchers of the download. */
export function toProgress(download: Download, { bytesPerSecond, stalledSince }: Movement) {
  const isMoving = !isTerminal(download.status) && stalledSince === undefined;
  return {
    entry: toDownloadEntry(download).entry,
    percent: percentOf(download),
    ...(isMoving && bytesPerSecond && estimateOf(download, bytesPerSecond)),
    ...(stalledSince !== undefined && { unchangedSince: new Date(stalledSince).toISOString() }),
  } satisfies ProgressDto;
}

/**
 * All bytes may be there while Alfresco still stores the ZIP, and DONE may come with fewer than were expected;
 * totals are 0 until the tree has been walked, and for folders without content.
 */
function percentOf({ status, bytesAdded, totalBytes }: Download): number {
  if (status === 'DONE') return 100;
  // The bytes are those of the limit, not of any ZIP.
  if (status === 'MAX_CONTENT_SIZE_EXCEEDED' || totalBytes === 0) return 0;
  return Math.min(99.9, Math.floor((1000 * bytesAdded) / totalBytes) / 10);
}

function estimateOf({ bytesAdded, totalBytes }: Download, bytesPerSecond: number) {
  const remaining = Math.max(0, totalBytes - bytesAdded);
  return {
    bytesPerSecond: Math.round(bytesPerSecond),
    remainingSeconds: Math.ceil(remaining / bytesPerSecond),
  };
}

/** One server-sent event: its fields as text, as in OpenAPI 3.2, section 4.14.4. */
@ApiSchema({ name: 'DownloadEvent' })
export class DownloadEventDto {
  /** For `Last-Event-ID`. */
  @ApiProperty()
  id: string;

  /** What has happened; the last four are the end. */
  @ApiProperty({ enum: ['progress', 'stalled', 'done', 'cancelled', 'too-large', 'gone'] })
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
