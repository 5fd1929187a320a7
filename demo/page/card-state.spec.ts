import { type CardEvent, cardState } from './card-state.ts';
import { DONE, download } from '../../client/src/scripted-server.fixture.ts';

const progress = {
  type: 'progress',
  entry: download(),
  percent: 50,
  bytesPerSecond: 100,
  remainingSeconds: 5,
} as const satisfies CardEvent;
const gone = { type: 'gone', problem: { status: 404, title: 'Gone' } } as const;

describe('the card of a download', () => {
  it.each<[string, CardEvent, boolean, object]>([
    [
      'waiting',
      {
        type: 'progress',
        entry: download({ status: 'PENDING', totalBytes: 0, totalFiles: 0 }),
        percent: 0,
      },
      false,
      { badge: 'Waiting', bar: 'unknown', details: '', actions: ['cancel'] },
    ],
    ['being made', progress, false, { badge: 'Being made', bar: 50, actions: ['cancel'] }],
    ['being cancelled', progress, true, { badge: 'Cancelling', bar: 50, actions: ['remove'] }],
    [
      'stalled',
      { ...progress, type: 'stalled', unchangedSince: '2026-11-24T01:00:00.000Z' },
      false,
      { badge: 'Stalled', bar: 50, isWarning: true, actions: ['cancel', 'remove'] },
    ],
    [
      'waiting for longer than usual',
      {
        type: 'stalled',
        entry: download({ status: 'PENDING', totalBytes: 0, totalFiles: 0 }),
        percent: 0,
        unchangedSince: '2026-11-24T01:00:00.000Z',
      },
      false,
      {
        badge: 'Not begun',
        bar: 'unknown',
        note: expect.stringContaining('Other ZIPs may be in front of it') as string,
        actions: ['cancel', 'remove'],
      },
    ],
    [
      'done',
      { type: 'done', entry: DONE, percent: 100 },
      false,
      { badge: 'Ready', details: '2 files, 1 kB', note: '', actions: ['save', 'remove'] },
    ],
    [
      'done before it could be cancelled',
      { type: 'done', entry: DONE, percent: 100 },
      true,
      { badge: 'Ready', note: 'It was finished before it could be cancelled.' },
    ],
    [
      'done without some of its files',
      {
        type: 'done',
        entry: download({ status: 'DONE', filesAdded: 1, totalFiles: 3 }),
        percent: 100,
      },
      false,
      { note: '2 files could not be read by Alfresco and are missing.' },
    ],
    [
      'cancelled',
      { type: 'cancelled', entry: download({ status: 'CANCELLED' }), percent: 50 },
      true,
      { badge: 'Cancelled', note: '', actions: ['remove'] },
    ],
    [
      'too large',
      {
        type: 'too-large',
        entry: download({ status: 'MAX_CONTENT_SIZE_EXCEEDED', bytesAdded: 2_152_852_358 }),
        percent: 0,
      },
      false,
      { badge: 'Too large', note: 'Alfresco makes no ZIP of more than 2.2 GB. Choose less.' },
    ],
    ['gone', gone, false, { badge: 'Gone', actions: ['remove'] }],
  ])('says that it is %s', (_what, event, isCancelling, state) => {
    expect(cardState(event, isCancelling ? 'cancel' : undefined)).toMatchObject(state);
  });

  it('offers nothing while it is being removed', () => {
    expect(cardState(progress, 'remove')).toMatchObject({ badge: 'Removing', actions: [] });
  });

  it('says that the connection is lost, and drops the speed', () => {
    const lost = {
      type: 'reconnecting',
      attempt: 1,
      retryInMs: 3600,
      reason: new Error(),
    } as const;
    const state = cardState(progress, undefined, lost);
    expect(state).toMatchObject({
      badge: 'Being made',
      bar: 50,
      note: 'Connection lost. Trying again in 4 s.',
      isWarning: true,
    });
    expect(cardState(progress).details).toContain('/s');
    expect(state.details).not.toContain('/s');
  });
});
