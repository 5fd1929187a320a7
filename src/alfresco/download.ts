import { type AlfrescoResponse, badResponse, entryOf, isObject } from './responses.js';
import { isNodeId } from './alfresco-api.js';
import { ProblemException } from '../problems/problem.exception.js';
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
  /** Last modification in milliseconds of the epoch; the ETag of Alfresco's own content responses. */
  readonly modifiedAt: number;
  /** Bytes of the ZIP; only there when `status` is DONE. */
  readonly size?: number;
}

/** A part of the content of a node: its first and last byte position, both included, both within the content. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Whether the status can change no more. */
export function isTerminal(
  status: DownloadStatus,
): status is Exclude<DownloadStatus, 'PENDING' | 'IN_PROGRESS'> {
  return status !== 'PENDING' && status !== 'IN_PROGRESS';
}

/** Whether a download was in one state before it got into the other: counters grow, and what has ended does not go on. */
export function isBefore(one: Download, other: Download): boolean {
  const progress = stageOf(one.status) - stageOf(other.status);
  if (progress !== 0) return progress < 0;
  return one.filesAdded < other.filesAdded || one.bytesAdded < other.bytesAdded;
}

function stageOf(status: DownloadStatus): number {
  return isTerminal(status) ? 2 : DOWNLOAD_STATUSES.indexOf(status);
}

/** Type of the nodes that downloads are. */
export const DOWNLOAD_NODE_TYPE = 'download:download';

/** @throws ProblemException ALFRESCO_BAD_RESPONSE when a member is missing or of another type */
export function parseDownload(response: AlfrescoResponse, expectedId?: string): Download {
  return toDownload(entryOf(response), expectedId);
}

/** @throws ProblemException ALFRESCO_BAD_RESPONSE when a member is missing or of another type */
export function toDownload(entry: Record<string, unknown>, expectedId?: string): Download {
  return {
    id: idOf(entry, expectedId),
    status: statusOf(entry.status),
    filesAdded: countOf(entry, 'filesAdded'),
    bytesAdded: countOf(entry, 'bytesAdded'),
    totalFiles: countOf(entry, 'totalFiles'),
    totalBytes: countOf(entry, 'totalBytes'),
  };
}

/**
 * @throws ProblemException NOT_A_DOWNLOAD when the node is of another type
 * @throws ProblemException ALFRESCO_BAD_RESPONSE when a member is missing or of another type
 */
export function parseDownloadNode(response: AlfrescoResponse, expectedId: string): DownloadNode {
  const entry = entryOf(response);
  const id = idOf(entry, expectedId);
  if (typeof entry.nodeType !== 'string') throw badResponse('a node without nodeType');
  if (entry.nodeType !== DOWNLOAD_NODE_TYPE) throw new ProblemException('NOT_A_DOWNLOAD');
  const properties = isObject(entry.properties) ? entry.properties : {};
  const status = statusOf(properties['download:status']);
  return {
    id,
    status,
    name: typeof entry.name === 'string' ? entry.name : '',
    createdAt: dateOf(entry, 'createdAt'),
    modifiedAt: dateOf(entry, 'modifiedAt'),
    ...(status === 'DONE' && {
      size: countOf(isObject(entry.content) ? entry.content : {}, 'sizeInBytes'),
    }),
  };
}

/** MySQL may match an id in another case, so the id in the response may differ in that, and in nothing else. */
function idOf(entry: Record<string, unknown>, expected: string | undefined): string {
  const { id } = entry;
  if (id !== undefined && id === expected) return expected;
  if (typeof id !== 'string' || !isNodeId(id)) throw badResponse('an entry without a usable id');
  if (expected !== undefined && id.toLowerCase() !== expected.toLowerCase()) {
    throw badResponse('the entry of another id than was asked for');
  }
  return id;
}

function statusOf(value: unknown): DownloadStatus {
  const status = DOWNLOAD_STATUSES.find((known) => known === value);
  if (!status) throw badResponse('a download without a known status');
  return status;
}

function countOf(entry: Record<string, unknown>, name: string): number {
  const value = entry[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw badResponse(`a download without ${name}`);
  }
  return value;
}

/** Alfresco writes `2026-11-24T01:00:11.000+0000`, whose offset lacks the colon that ECMAScript wants. */
function dateOf(entry: Record<string, unknown>, name: string): number {
  const text = entry[name];
  const time =
    typeof text === 'string' ? Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) : NaN;
  if (Number.isNaN(time)) throw badResponse(`a node without ${name}`);
  return time;
}
