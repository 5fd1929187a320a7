import { type Download, isTerminal } from '../../alfresco/download.js';
import type { ProblemException } from '../../problems/problem.exception.js';
import { type Movement, toProgress } from '../dto/progress.dto.js';

const FINAL_NAMES = {
  DONE: 'done',
  CANCELLED: 'cancelled',
  MAX_CONTENT_SIZE_EXCEEDED: 'too-large',
} as const;

/** A download as it is now. It holds all there is to know, so that every event but the last may be skipped. */
export interface StateEvent {
  readonly name: 'progress' | 'stalled' | (typeof FINAL_NAMES)[keyof typeof FINAL_NAMES];
  /** Names the state, not the occasion: it is the same in every process, and after a restart. */
  readonly id: string;
  readonly download: Download;
  /** As `text/event-stream`; made once for all watchers. */
  readonly frame: string;
}

/** There is no download any more that the caller may see. Alfresco has no such state, only an answer of 404. */
export interface GoneEvent {
  readonly name: 'gone';
  readonly problem: ProblemException;
}

export type ProgressEvent = StateEvent | GoneEvent;

/** Tells two states of a download apart: an entity tag without its quotes. */
export function stateTag(download: Download): string {
  const { status, filesAdded, bytesAdded, totalFiles, totalBytes } = download;
  return `${status}.${filesAdded}.${bytesAdded}.${totalFiles}.${totalBytes}`;
}

/** The event that tells of this state. */
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

/** Whether nothing will come after it. */
export function isLast(event: ProgressEvent): boolean {
  return event.name === 'gone' || isTerminal(event.download.status);
}

/** Whether there is nothing to wait for: it has ended, or stalled. */
export function isSettled(event: ProgressEvent): boolean {
  return event.name === 'stalled' || isLast(event);
}

/** One event in the format of https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON holds no line break. */
export function eventFrame(name: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
