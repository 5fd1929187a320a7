import { type Download, isTerminal } from '../../alfresco/download.js';
import type { ProblemException } from '../../problems/problem.exception.js';
import { type Movement, toProgress } from '../dto/progress.dto.js';

const FINAL_NAMES = {
  DONE: 'done',
  CANCELLED: 'cancelled',
  MAX_CONTENT_SIZE_EXCEEDED: 'too-large',
} as const;

/** The whole state of a download, so that every event but the last may be skipped. */
export interface StateEvent {
  readonly name: 'progress' | 'stalled' | (typeof FINAL_NAMES)[keyof typeof FINAL_NAMES];
  /** Identifies the state, not the occasion: it is the same in every process, and after a restart. */
  readonly id: string;
  readonly download: Download;
  /** As `text/event-stream`; built once for all watchers. */
  readonly frame: string;
}

/** The download is gone, or the caller may not see it any more. Alfresco has no such state, only a status code. */
export interface GoneEvent {
  readonly name: 'gone';
  readonly problem: ProblemException;
}

export type ProgressEvent = StateEvent | GoneEvent;

/** Differs between two states of a download: an entity tag without its quotes. */
export function stateTag(download: Download): string {
  const { status, filesAdded, bytesAdded, totalFiles, totalBytes } = download;
  return `${status}.${filesAdded}.${bytesAdded}.${totalFiles}.${totalBytes}`;
}

export function stateEvent(download: Download, movement: Movement): StateEvent {
  const name = nameOf(download, movement);
  const tag = stateTag(download);
  const id = name === 'stalled' ? `${tag}.stalled` : tag;
  return { name, id, download, frame: eventFrame(name, id, toProgress(download, movement)) };
}

function nameOf({ status }: Download, { stalledSince }: Movement): StateEvent['name'] {
  if (isTerminal(status)) return FINAL_NAMES[status];
  return stalledSince === undefined ? 'progress' : 'stalled';
}

/** Whether no event can follow. */
export function isLast(event: ProgressEvent): boolean {
  return event.name === 'gone' || isTerminal(event.download.status);
}

/** Whether there is nothing to wait for: the download has ended, or stalled. */
export function isSettled(event: ProgressEvent): boolean {
  return event.name === 'stalled' || isLast(event);
}

/** One event in the format of https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON holds no line break. */
export function eventFrame(name: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
