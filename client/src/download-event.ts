import { ServiceUnreachable } from './downloads-problem.ts';

export type DownloadStatus =
  'PENDING' | 'IN_PROGRESS' | 'DONE' | 'CANCELLED' | 'MAX_CONTENT_SIZE_EXCEEDED';

/** A download, as Alfresco describes it. Sizes in bytes of the source files; totals are 0 until known. */
export interface Download {
  readonly id: string;
  readonly status: DownloadStatus;
  readonly filesAdded: number;
  readonly totalFiles: number;
  readonly bytesAdded: number;
  readonly totalBytes: number;
}

/** The progress of a download. */
export interface DownloadProgress {
  readonly entry: Download;
  /** 0 to 100. */
  readonly percent: number;
  /** Absent until known, as is `remainingSeconds`. */
  readonly bytesPerSecond?: number;
  readonly remainingSeconds?: number;
}

/** An error of the service (RFC 9457). Programs should check `code`, which errors of a proxy lack. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly code?: string;
  readonly detail?: string;
  readonly requestId?: string;
  readonly errors?: readonly {
    readonly pointer?: string;
    readonly parameter?: string;
    readonly detail: string;
  }[];
}

/** An event of a watched download. */
export type DownloadEvent =
  /** It is waiting or being made. Sent first, unless the download has already ended, and after every change. */
  | ({ readonly type: 'progress' } & DownloadProgress)
  /** It has not changed since this time (ISO 8601). `progress` follows if it does change. */
  | ({ readonly type: 'stalled'; readonly unchangedSince: string } & DownloadProgress)
  /** It has ended. Always the last event. */
  | ({ readonly type: 'done' | 'cancelled' | 'too-large' } & DownloadProgress)
  /** It no longer exists. Always the last event. */
  | { readonly type: 'gone'; readonly problem: Problem }
  /** The service has not responded `attempt` times in a row. Another event follows once it does. */
  | {
      readonly type: 'reconnecting';
      readonly attempt: number;
      readonly retryInMs: number;
      readonly reason: Error;
    };

/** An event with the progress of a download. */
export type ProgressEvent = Extract<DownloadEvent, DownloadProgress>;

const EVENT_TYPES = {
  PENDING: 'progress',
  IN_PROGRESS: 'progress',
  DONE: 'done',
  CANCELLED: 'cancelled',
  MAX_CONTENT_SIZE_EXCEEDED: 'too-large',
} as const satisfies Record<DownloadStatus, ProgressEvent['type']>;

/** The event for the status of a download. */
export function eventTypeOf({ status }: Download): 'progress' | 'done' | 'cancelled' | 'too-large' {
  return EVENT_TYPES[status];
}

/** Whether no other event follows this one. */
export function isLast({ type }: DownloadEvent): boolean {
  return type !== 'progress' && type !== 'stalled' && type !== 'reconnecting';
}

/** Whether a download can still change. */
export function isRunning(download: Download): boolean {
  return eventTypeOf(download) === 'progress';
}

/** The download in `{"entry":{…}}`. @throws ServiceUnreachable if there is none, so that the response is not the service's */
export function readDownload(body: unknown): Download {
  const entry = (body as { entry?: Partial<Download> } | null)?.entry;
  const isDownload =
    typeof entry?.id === 'string' &&
    Object.hasOwn(EVENT_TYPES, entry.status ?? '') &&
    [entry.filesAdded, entry.totalFiles, entry.bytesAdded, entry.totalBytes].every(Number.isFinite);
  if (!isDownload) throw new ServiceUnreachable('The response is not about a download');
  return entry as Download;
}

/**
 * The event that the service has sent with this name; `undefined` for names that this client does not know.
 * @throws SyntaxError, ServiceUnreachable if the data is malformed
 */
export function readEvent(type: string, data: string): DownloadEvent | undefined {
  switch (type) {
    case 'progress':
    case 'stalled':
    case 'done':
    case 'cancelled':
    case 'too-large': {
      const body = JSON.parse(data) as Record<string, unknown>;
      const entry = readDownload(body);
      if (!Number.isFinite(body.percent))
        throw new ServiceUnreachable('The event has no percentage');
      return { ...body, entry, type } as ProgressEvent;
    }
    case 'gone':
      return { type, problem: JSON.parse(data) as Problem };
    default:
      return undefined;
  }
}
