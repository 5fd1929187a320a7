import type { Download, DownloadEvent, ProgressEvent } from './download.event.ts';
import { bytes, count, duration, progressLine } from './wording.ts';

/** What a card says of a download, and what it offers to do. */
export interface CardState {
  readonly badge: string;
  readonly tone: 'busy' | 'good' | 'warn' | 'bad' | 'plain';
  /** 0 to 100, or unknown; absent when nothing is being made. */
  readonly bar?: number | 'unknown';
  readonly details: string;
  readonly note: string;
  /** Whether the note is something to worry about. */
  readonly isWarning?: true;
  readonly actions: readonly ('save' | 'cancel' | 'remove')[];
  /** What is told aloud when the download comes into this state; follows its name. */
  readonly spoken: string;
}

/** The event after which a card is drawn: the lost connection is only a note on it. */
export type CardEvent = Exclude<DownloadEvent, { type: 'reconnecting' }>;

const GONE =
  'Alfresco has removed this download, as it does an hour or two after its last change. Make a new one.';

/** @param isCancelling whether cancellation has been asked for from this page */
export function cardState(event: CardEvent, isCancelling: boolean): CardState {
  switch (event.type) {
    case 'progress':
      return running(event, isCancelling);
    case 'stalled':
      return stalled(event, event.unchangedSince);
    case 'done':
      return done(event.entry, isCancelling);
    case 'cancelled':
      return ended('Cancelled', 'plain', '', 'was cancelled.');
    case 'too-large': {
      const limit = bytes(event.entry.bytesAdded);
      return ended(
        'Too large',
        'bad',
        `Alfresco makes no ZIP of more than ${limit}. Choose less.`,
        'is too large.',
      );
    }
    default:
      return ended('Gone', 'bad', GONE, 'does not exist any more.');
  }
}

/** The same card while the service does not answer: its speed is a thing of the past. */
export function disconnected(
  state: CardState,
  event: CardEvent,
  { retryInMs }: Extract<DownloadEvent, { type: 'reconnecting' }>,
): CardState {
  const seconds = Math.max(1, Math.round(retryInMs / 1000));
  return {
    ...state,
    details: 'entry' in event ? progressLine({ entry: event.entry, percent: event.percent }) : '',
    note: `Connection lost. Trying again in ${duration(seconds)}.`,
    isWarning: true,
  };
}

function running(event: ProgressEvent, isCancelling: boolean): CardState {
  const isWaiting = event.entry.status === 'PENDING';
  return {
    badge: isCancelling ? 'Cancelling' : isWaiting ? 'Waiting' : 'Being made',
    tone: 'busy',
    bar: isWaiting ? 'unknown' : event.percent,
    details: progressLine(event),
    note: '',
    actions: isCancelling ? ['remove'] : ['cancel'],
    spoken: isCancelling ? 'is being cancelled.' : 'is being made.',
  };
}

function stalled(event: ProgressEvent, since: string): CardState {
  const time = new Date(since).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return {
    badge: 'Stalled',
    tone: 'warn',
    bar: event.percent,
    details: progressLine(event),
    note:
      `Nothing has happened since ${time}. Alfresco may be busy, or its job may have crashed: it does not say which. ` +
      'Wait, or remove it and make a new one.',
    isWarning: true,
    actions: ['cancel', 'remove'],
    spoken: `has not moved since ${time}.`,
  };
}

function done({ bytesAdded, filesAdded, totalFiles }: Download, isCancelling: boolean): CardState {
  const missing = totalFiles - filesAdded;
  return {
    badge: 'Ready',
    tone: 'good',
    details: `${count(filesAdded, 'file')}, ${bytes(bytesAdded)}`,
    note: [
      ...(isCancelling ? ['It was finished before it could be cancelled.'] : []),
      ...(missing > 0
        ? [
            `${count(missing, 'file')} could not be read by Alfresco and ${missing === 1 ? 'is' : 'are'} missing.`,
          ]
        : []),
    ].join(' '),
    actions: ['save', 'remove'],
    spoken: isCancelling ? 'was finished before it could be cancelled.' : 'is ready to be saved.',
  };
}

function ended(badge: string, tone: CardState['tone'], note: string, spoken: string): CardState {
  return { badge, tone, details: '', note, actions: ['remove'], spoken };
}
