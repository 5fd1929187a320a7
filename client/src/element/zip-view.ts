import { type DownloadEvent, type ProgressEvent, isLast } from '../index.ts';
import type { ZipWords } from './zip-words.ts';

export type ZipAction = 'make' | 'save' | 'cancel' | 'give-up' | 'retry';

/** Nothing has been asked for, or the response is awaited, or the latest event of the download. */
export type ZipState =
  { readonly type: 'idle' | 'asking' } | Exclude<DownloadEvent, { type: 'reconnecting' }>;

/** Whether the state is the last of a download. */
export function hasEnded(state: ZipState): boolean {
  return state.type !== 'idle' && state.type !== 'asking' && isLast(state as DownloadEvent);
}

/** What the user has done, or the network, since that event. */
export interface ZipCircumstances {
  readonly isCancelling?: boolean;
  /** Watching has failed, and trying again does not help before something else has changed, such as the login. */
  readonly hasFailed?: boolean;
  /** The service does not respond at present. */
  readonly lost?: Extract<DownloadEvent, { type: 'reconnecting' }> | undefined;
}

/** What the element shows. */
export interface ZipView {
  /** Empty if nothing has been asked for. */
  readonly status: string;
  readonly tone: 'busy' | 'good' | 'warn' | 'bad' | 'plain';
  /** 0 to 100, or unknown; absent unless the ZIP is being made. */
  readonly bar?: number | 'unknown';
  readonly details: string;
  readonly note: string;
  readonly actions: readonly ZipAction[];
}

const NOTHING = { details: '', note: '', actions: [] } as const;

export function zipView(
  state: ZipState,
  { isCancelling = false, hasFailed = false, lost }: ZipCircumstances,
  words: ZipWords,
): ZipView {
  const view = viewOf(state, isCancelling, words);
  if (hasFailed)
    return { ...NOTHING, status: words.text('unknown'), tone: 'warn', actions: ['retry'] };
  if (!lost) return view;
  const time = words.duration(Math.max(1, Math.round(lost.retryInMs / 1000)));
  // The speed is no longer known.
  const details =
    'entry' in state ? words.progress({ entry: state.entry, percent: state.percent }) : '';
  return { ...view, tone: 'warn', details, note: words.text('note-lost', { time }) };
}

function viewOf(state: ZipState, isCancelling: boolean, words: ZipWords): ZipView {
  switch (state.type) {
    case 'idle':
      return { ...NOTHING, status: '', tone: 'plain', actions: ['make'] };
    case 'asking':
      return { ...NOTHING, status: words.text('asking'), tone: 'busy', bar: 'unknown' };
    case 'progress':
    case 'stalled':
      return running(state, isCancelling, words);
    case 'done':
      return done(state, isCancelling, words);
    case 'cancelled':
      return ended('cancelled', 'plain', '', words);
    case 'too-large': {
      // The bytes are the limit, not those of a ZIP.
      const bytes = words.bytes(state.entry.bytesAdded);
      return ended('too-large', 'bad', words.text('note-too-large', { bytes }), words);
    }
    default:
      return ended('gone', 'bad', words.text('note-gone'), words);
  }
}

function running(event: ProgressEvent, isCancelling: boolean, words: ZipWords): ZipView {
  const isWaiting = event.entry.status === 'PENDING';
  const status = isWaiting ? 'waiting' : 'making';
  const view: ZipView = {
    status: words.text(isCancelling ? 'cancelling' : status),
    tone: 'busy',
    bar: isWaiting ? 'unknown' : event.percent,
    details: words.progress(event),
    note: '',
    actions: isCancelling ? ['give-up'] : ['cancel'],
  };
  if (event.type !== 'stalled') return view;
  const time = words.timeOfDay(event.unchangedSince);
  const stalled = isWaiting ? 'not-begun' : 'stalled';
  return {
    ...view,
    ...(!isCancelling && { status: words.text(stalled) }),
    tone: 'warn',
    note: words.text(`note-${stalled}`, { time }),
    actions: isCancelling ? ['give-up'] : ['cancel', 'give-up'],
  };
}

function done({ entry }: ProgressEvent, isCancelling: boolean, words: ZipWords): ZipView {
  const missing = entry.totalFiles - entry.filesAdded;
  const notes = [
    ...(isCancelling ? [words.text('note-too-late')] : []),
    ...(missing > 0 ? [words.counted('note-missing', missing)] : []),
  ];
  const [files, bytes] = [words.files(entry.filesAdded), words.bytes(entry.bytesAdded)];
  return {
    status: words.text('done'),
    tone: notes.length > 0 ? 'warn' : 'good',
    details: words.text('size', { files, bytes }),
    note: notes.join(' '),
    actions: ['save'],
  };
}

function ended(
  status: 'cancelled' | 'too-large' | 'gone',
  tone: ZipView['tone'],
  note: string,
  words: ZipWords,
): ZipView {
  return { ...NOTHING, status: words.text(status), tone, note, actions: ['make'] };
}
