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

/** How far a download is. */
export interface DownloadProgress {
  readonly entry: Download;
  /** 0 to 100. */
  readonly percent: number;
  /** Absent until known, as is the next one. */
  readonly bytesPerSecond?: number;
  readonly remainingSeconds?: number;
}

/** An error of the service (RFC 9457). `code` is the member for programs; a response of a proxy has none. */
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

/** What happens to a download that is watched. */
export type DownloadEvent =
  /** It waits or is being made. The first event, unless the download has ended already, and after every change. */
  | ({ readonly type: 'progress' } & DownloadProgress)
  /** It has not moved since (ISO 8601). `progress` follows if it does after all. */
  | ({ readonly type: 'stalled'; readonly unchangedSince: string } & DownloadProgress)
  /** It has ended, and nothing follows. */
  | ({ readonly type: 'done' | 'cancelled' | 'too-large' } & DownloadProgress)
  /** It does not exist any more, and nothing follows. */
  | { readonly type: 'gone'; readonly problem: Problem }
  /** The service does not respond, for the `attempt`th time in a row. Another event follows when it does again. */
  | {
      readonly type: 'reconnecting';
      readonly attempt: number;
      readonly retryInMs: number;
      readonly reason: Error;
    };

/** An event that tells how far a download is. */
export type ProgressEvent = Extract<DownloadEvent, DownloadProgress>;

/** What each status is as an event. */
const EVENT_TYPES = {
  PENDING: 'progress',
  IN_PROGRESS: 'progress',
  DONE: 'done',
  CANCELLED: 'cancelled',
  MAX_CONTENT_SIZE_EXCEEDED: 'too-large',
} as const satisfies Record<DownloadStatus, ProgressEvent['type']>;

/** The event that this status of a download is. */
export function eventTypeOf({ status }: Download): 'progress' | 'done' | 'cancelled' | 'too-large' {
  return EVENT_TYPES[status];
}

/** Whether nothing follows after this event. */
export function isLast({ type }: DownloadEvent): boolean {
  return type !== 'progress' && type !== 'stalled' && type !== 'reconnecting';
}

/** Whether a download can still change. */
export function isRunning(download: Download): boolean {
  return eventTypeOf(download) === 'progress';
}

/** The download in `{"entry":{…}}`. @throws ServiceUnreachable when there is none: something else has answered */
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
 * The event that the service has sent under this name; `undefined` for a name that came later than this program.
 * @throws SyntaxError, ServiceUnreachable when it is not what it should be
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
