import type { RepositoryNode } from '../repository/node-model.ts';

export const DOWNLOAD_STATUSES = [
  'PENDING',
  'IN_PROGRESS',
  'DONE',
  'MAX_CONTENT_SIZE_EXCEEDED',
  'CANCELLED',
] as const;

export type DownloadStatus = (typeof DOWNLOAD_STATUSES)[number];

export function isDownloadStatus(value: unknown): value is DownloadStatus {
  return (DOWNLOAD_STATUSES as readonly unknown[]).includes(value);
}

/** The progress of a download. Bytes are uncompressed bytes of the source files. */
export interface DownloadProgress {
  status: DownloadStatus;
  bytesAdded: number;
  totalBytes: number;
  filesAdded: number;
  totalFiles: number;
}

/** The properties of downloadModel.xml on a new download node; the node itself is where the state lives. */
export function initialProperties(): Map<string, string | number | boolean> {
  return new Map<string, string | number | boolean>([
    ['download:status', 'PENDING'],
    ['download:done', 0],
    ['download:total', 0],
    ['download:filesAdded', 0],
    ['download:totalFiles', 0],
    ['download:cancelled', false],
    ['download:recursive', true],
    ['download:sequenceNumber', 0],
    ['cm:isIndexed', false],
    ['cm:isContentIndexed', false],
  ]);
}

export function readProgress({ properties }: RepositoryNode): DownloadProgress {
  const status = properties.get('download:status');
  const count = (name: string): number => Number(properties.get(`download:${name}`) ?? 0);
  return {
    status: isDownloadStatus(status) ? status : 'PENDING',
    bytesAdded: count('done'),
    totalBytes: count('total'),
    filesAdded: count('filesAdded'),
    totalFiles: count('totalFiles'),
  };
}

export function writeProgress({ properties }: RepositoryNode, progress: DownloadProgress): void {
  properties.set('download:status', progress.status);
  properties.set('download:done', progress.bytesAdded);
  properties.set('download:total', progress.totalBytes);
  properties.set('download:filesAdded', progress.filesAdded);
  properties.set('download:totalFiles', progress.totalFiles);
}

export function isCancelled({ properties }: RepositoryNode): boolean {
  return properties.get('download:cancelled') === true;
}
