import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { DownloadList } from '../downloads.service.js';
import { DownloadEntry, toDownloadEntry } from './download.dto.js';
import type { ListQuery } from './queries.dto.js';

const integer = { type: 'integer', minimum: 0 } as const;

/** Alfresco's pagination of a list. */
@ApiSchema({ name: 'Pagination' })
export class PaginationDto {
  @ApiProperty({ ...integer, description: 'Entries on this page.' })
  count: number;

  @ApiProperty({ description: 'Whether there are more behind this page.' })
  hasMoreItems: boolean;

  @ApiProperty({ ...integer, description: 'Entries of all pages.' })
  totalItems: number;

  @ApiProperty({ ...integer, description: 'Entries before this page.' })
  skipCount: number;

  @ApiProperty({ ...integer, description: 'Entries that this page could have held.' })
  maxItems: number;
}

@ApiSchema({ name: 'DownloadPagingList' })
export class DownloadListDto {
  @ApiProperty({ type: PaginationDto })
  pagination: PaginationDto;

  @ApiProperty({ type: [DownloadEntry] })
  entries: DownloadEntry[];
}

/** Alfresco's envelope of a list. */
@ApiSchema({ name: 'DownloadPaging' })
export class DownloadListEnvelope {
  @ApiProperty({ type: DownloadListDto })
  list: DownloadListDto;
}

export function toDownloadListEnvelope(
  { downloads, totalItems, hasMoreItems }: DownloadList,
  { skipCount, maxItems, fields }: ListQuery,
): DownloadListEnvelope {
  const entries = downloads.map((download) => toDownloadEntry(download, fields));
  const pagination = { count: entries.length, hasMoreItems, totalItems, skipCount, maxItems };
  return { list: { pagination, entries } };
}
