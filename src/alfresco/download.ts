/** States of a download node. There is no failed state: a job that crashes stays PENDING or IN_PROGRESS. */
export const DOWNLOAD_STATUSES = [
  'PENDING',
  'IN_PROGRESS',
  'DONE',
  'MAX_CONTENT_SIZE_EXCEEDED',
  'CANCELLED',
] as const;

export type DownloadStatus = (typeof DOWNLOAD_STATUSES)[number];

/** A download as Alfresco reports it. Bytes are those of the source files, not of the ZIP. */
export interface Download {
  readonly id: string;
  readonly status: DownloadStatus;
  readonly filesAdded: number;
  readonly bytesAdded: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
}

/** The node behind a download, with what is needed to serve its content. */
export interface DownloadNode {
  readonly id: string;
  readonly status: DownloadStatus;
  /** Name of the archive, e.g. `archive.zip`. */
  readonly name: string;
  /** Creation in milliseconds of the epoch. */
  readonly createdAt: number;
  /** Last modification in milliseconds of the epoch; the ETag of Alfresco's own content answers. */
  readonly modifiedAt: number;
  /** Bytes of the ZIP; only there when `status` is DONE. */
  readonly size?: number;
}

/** Whether the status can change no more. */
export function isTerminal(
  status: DownloadStatus,
): status is Exclude<DownloadStatus, 'PENDING' | 'IN_PROGRESS'> {
  return status !== 'PENDING' && status !== 'IN_PROGRESS';
}
