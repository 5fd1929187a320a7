import type { Download, DownloadEvent, ProgressEvent } from 'alfresco-downloads-client';
import { bytes, count, duration, progressLine } from './wording.ts';

export type CardAction = 'save' | 'cancel' | 'remove';

/** The texts that a card shows about a download, and the actions it offers. */
export interface CardState {
  readonly badge: string;
  readonly tone: 'busy' | 'good' | 'warn' | 'bad' | 'plain';
  /** 0 to 100, or unknown; absent unless the ZIP is being made. */
  readonly bar?: number | 'unknown';
  readonly details: string;
  readonly note: string;
  /** Whether the note is a warning. */
  readonly isWarning?: true;
  readonly actions: readonly CardAction[];
  /** Announced, after the name, when the download enters this state. */
  readonly spoken: string;
}

/** The events that determine a card; a lost connection only adds a note. */
export type CardEvent = Exclude<DownloadEvent, { type: 'reconnecting' }>;

/** The service does not respond currently. */
export type Lost = Extract<DownloadEvent, { type: 'reconnecting' }>;

const GONE =
  'It was removed: from elsewhere, or by Alfresco, which does so an hour or two after the last change. Make a new one.';

export function cardState(
  event: CardEvent,
  requested?: 'cancel' | 'remove',
  lost?: Lost,
): CardState {
  const state = stateOf(event, requested === 'cancel');
  if (requested === 'remove') return { ...state, badge: 'Removing', tone: 'busy', actions: [] };
  return lost ? disconnected(state, event, lost) : state;
}

function stateOf(event: CardEvent, isCancelling: boolean): CardState {
  switch (event.type) {
    case 'progress':
      return running(event, isCancelling);
    case 'stalled':
      return stalled(event, event.unchangedSince, isCancelling);
    case 'done':
      return done(event.entry, isCancelling);
    case 'cancelled':
      return ended('Cancelled', 'plain', '', 'was cancelled.');
    case 'too-large': {
      const limit = bytes(event.entry.bytesAdded);
      const note = `Alfresco makes no ZIP of more than ${limit}. Choose less.`;
      return ended('Too large', 'bad', note, 'is too large.');
    }
    default:
      return ended('Gone', 'bad', GONE, 'does not exist any more.');
  }
}

/** The last state without the speed, which is no longer known. */
function disconnected(state: CardState, event: CardEvent, { retryInMs }: Lost): CardState {
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

function stalled(event: ProgressEvent, since: string, isCancelling: boolean): CardState {
  const time = new Date(since).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const isWaiting = event.entry.status === 'PENDING';
  const suspicion = isWaiting
    ? `Alfresco has not begun with it since ${time}. Other ZIPs may be in front of it, or its job may be lost`
    : `Nothing has happened since ${time}. Alfresco may be busy, or its job may have crashed`;
  return {
    badge: isCancelling ? 'Cancelling' : isWaiting ? 'Not begun' : 'Stalled',
    tone: 'warn',
    bar: isWaiting ? 'unknown' : event.percent,
    details: progressLine(event),
    note: `${suspicion}: it does not say which. Wait, or remove it and make a new one.`,
    isWarning: true,
    actions: isCancelling ? ['remove'] : ['cancel', 'remove'],
    spoken: isWaiting ? `has been waiting since ${time}.` : `has not moved since ${time}.`,
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
