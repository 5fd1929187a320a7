import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { DOWNLOAD_STATUSES, type Download, type DownloadStatus } from '../../alfresco/download.js';
import { type Fields, onlyFields } from './entry.js';

const int64 = { type: 'integer', format: 'int64', minimum: 0 } as const;

/** A download, with Alfresco's six fields. With `fields`, only those that were asked for. */
@ApiSchema({ name: 'Download' })
export class DownloadDto {
  @ApiProperty({ ...int64, required: false, description: 'Files that are complete in the ZIP.' })
  filesAdded?: number;

  @ApiProperty({
    ...int64,
    required: false,
    description:
      'Bytes of source files in the ZIP; the configured limit when MAX_CONTENT_SIZE_EXCEEDED.',
  })
  bytesAdded?: number;

  @ApiProperty({
    ...int64,
    required: false,
    description: 'Bytes of all source files; 0 until known.',
  })
  totalBytes?: number;

  @ApiProperty({ required: false, description: 'Id of the download node.' })
  id?: string;

  @ApiProperty({
    ...int64,
    required: false,
    description: 'Number of all source files; 0 until known.',
  })
  totalFiles?: number;

  @ApiProperty({
    required: false,
    enum: DOWNLOAD_STATUSES,
    enumName: 'DownloadStatus',
    description:
      'PENDING and IN_PROGRESS can change, the others are final. Alfresco has no failed state: a job that crashes stays as it is.',
  })
  status?: DownloadStatus;
}

/** Alfresco's envelope of a single entity. */
export class DownloadEntry {
  @ApiProperty({ type: DownloadDto })
  entry: DownloadDto;
}

/** The names in `fields`, or all six without it. */
export function toDownloadEntry(download: Download, fields?: Fields): DownloadEntry {
  const { filesAdded, bytesAdded, totalBytes, id, totalFiles, status } = download;
  const all = { filesAdded, bytesAdded, totalBytes, id, totalFiles, status };
  return { entry: onlyFields(all, fields) };
}
