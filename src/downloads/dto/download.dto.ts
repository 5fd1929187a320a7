import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { DOWNLOAD_STATUSES, type Download, type DownloadStatus } from '../../alfresco/download.js';
import { type Fields, onlyFields } from './entry.js';

const INT64 = { type: 'integer', format: 'int64', minimum: 0 } as const;

/**
 * A download, with Alfresco's six fields in Alfresco's order. With `fields`, only those that were asked for.
 */
@ApiSchema({ name: 'Download' })
export class DownloadDto {
  /** Files that are complete in the ZIP. */
  @ApiPropertyOptional(INT64)
  filesAdded?: number;

  /** Bytes of source files in the ZIP; the configured limit when MAX_CONTENT_SIZE_EXCEEDED. */
  @ApiPropertyOptional(INT64)
  bytesAdded?: number;

  /** Bytes of all source files; 0 until known. */
  @ApiPropertyOptional(INT64)
  totalBytes?: number;

  /** Id of the download node. */
  @ApiPropertyOptional()
  id?: string;

  /** Number of all source files; 0 until known. */
  @ApiPropertyOptional(INT64)
  totalFiles?: number;

  /** PENDING and IN_PROGRESS can change, the others are final. Alfresco has no failed state: a job that crashes stays as it is. */
  @ApiPropertyOptional({ enum: DOWNLOAD_STATUSES, enumName: 'DownloadStatus' })
  status?: DownloadStatus;
}

/** Alfresco's envelope of a single entity. */
export class DownloadEntry {
  entry: DownloadDto;
}

/** The names in `fields`, or all six without it. */
export function toDownloadEntry(download: Download, fields?: Fields): DownloadEntry {
  const { filesAdded, bytesAdded, totalBytes, id, totalFiles, status } = download;
  const all = { filesAdded, bytesAdded, totalBytes, id, totalFiles, status };
  return { entry: onlyFields(all, fields) };
}

const bodies = new WeakMap<Download, string>();

/** `toDownloadEntry` as JSON. Made once for each state, which many clients read. */
export function downloadBody(download: Download, fields?: Fields): string {
  if (fields) return JSON.stringify(toDownloadEntry(download, fields));
  let body = bodies.get(download);
  if (body === undefined) {
    body = JSON.stringify(toDownloadEntry(download));
    bodies.set(download, body);
  }
  return body;
}
