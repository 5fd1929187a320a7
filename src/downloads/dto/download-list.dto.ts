import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { DownloadList } from '../downloads.service.js';
import { DownloadEntry, toDownloadEntry } from './download.dto.js';
import type { ListQuery } from './queries.dto.js';

const COUNT = { type: 'integer', minimum: 0 } as const;

/** Alfresco's pagination of a list. */
@ApiSchema({ name: 'Pagination' })
export class PaginationDto {
  /** Entries on this page. */
  @ApiProperty(COUNT)
  count: number;

  /** Whether there are more behind this page. */
  @ApiProperty()
  hasMoreItems: boolean;

  /** Entries of all pages. */
  @ApiProperty(COUNT)
  totalItems: number;

  /** Entries before this page. */
  @ApiProperty(COUNT)
  skipCount: number;

  /** Entries that this page could have held. */
  @ApiProperty(COUNT)
  maxItems: number;
}

@ApiSchema({ name: 'DownloadPagingList' })
export class DownloadListDto {
  pagination: PaginationDto;
  entries: DownloadEntry[];
}

/** Alfresco's envelope of a list. */
@ApiSchema({ name: 'DownloadPaging' })
export class DownloadListEnvelope {
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
