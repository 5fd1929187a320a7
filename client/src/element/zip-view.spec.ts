import { DONE, download } from '../scripted-server.fixture.ts';
import { type ZipState, zipView } from './zip-view.ts';
import { ZipWords } from './zip-words.ts';

const progress = {
  type: 'progress',
  entry: download(),
  percent: 50,
  bytesPerSecond: 100,
  remainingSeconds: 5,
} as const satisfies ZipState;
const pending = download({ status: 'PENDING', totalBytes: 0, totalFiles: 0 });
const unchangedSince = '2026-11-24T01:00:00.000Z';
const words = new ZipWords();

describe('the element', () => {
  it.each<[string, ZipState, boolean, object]>([
    ['nothing', { type: 'idle' }, false, { status: '', actions: ['make'] }],
    ['that it waits for the service', { type: 'asking' }, false, { bar: 'unknown', actions: [] }],
    [
      'that the ZIP is waiting',
      { type: 'progress', entry: pending, percent: 0 },
      false,
      { status: 'Waiting', bar: 'unknown', details: '', actions: ['cancel'] },
    ],
    [
      'that it is being made',
      progress,
      false,
      { status: 'Being made', bar: 50, actions: ['cancel'] },
    ],
    [
      'that it is being cancelled',
      progress,
      true,
      { status: 'Cancelling', bar: 50, actions: ['give-up'] },
    ],
    [
      'that it has stalled',
      { ...progress, type: 'stalled', unchangedSince },
      false,
      { status: 'Stalled', bar: 50, tone: 'warn', actions: ['cancel', 'give-up'] },
    ],
    [
      'that it has stalled while being cancelled',
      { ...progress, type: 'stalled', unchangedSince },
      true,
      { status: 'Cancelling', tone: 'warn', actions: ['give-up'] },
    ],
    [
      'that it has been waiting for longer than usual',
      { type: 'stalled', entry: pending, percent: 0, unchangedSince },
      false,
      {
        status: 'Not begun',
        bar: 'unknown',
        note: expect.stringContaining('Other ZIPs may be in front of it') as string,
        actions: ['cancel', 'give-up'],
      },
    ],
    [
      'that it is done',
      { type: 'done', entry: DONE, percent: 100 },
      false,
      { status: 'Ready', tone: 'good', details: '2 files, 1 kB', note: '', actions: ['save'] },
    ],
    [
      'that it was done before it could be cancelled',
      { type: 'done', entry: DONE, percent: 100 },
      true,
      { status: 'Ready', note: 'It was finished before it could be cancelled.' },
    ],
    [
      'that it is done without some of its files',
      {
        type: 'done',
        entry: download({ status: 'DONE', filesAdded: 1, totalFiles: 3 }),
        percent: 100,
      },
      false,
      { tone: 'warn', note: '2 files could not be read by Alfresco and are missing.' },
    ],
    [
      'that it was cancelled',
      { type: 'cancelled', entry: download({ status: 'CANCELLED' }), percent: 50 },
      true,
      { status: 'Cancelled', note: '', actions: ['make'] },
    ],
    [
      'that it is too large',
      {
        type: 'too-large',
        entry: download({ status: 'MAX_CONTENT_SIZE_EXCEEDED', bytesAdded: 2_152_852_358 }),
        percent: 0,
      },
      false,
      { status: 'Too large', note: 'Alfresco makes no ZIP of more than 2.2 GB. Choose less.' },
    ],
    [
      'that it is gone',
      { type: 'gone', problem: { status: 404, title: 'Gone' } },
      false,
      { status: 'Gone', actions: ['make'] },
    ],
  ])('says %s', (_what, state, isCancelling, view) => {
    expect(zipView(state, { isCancelling }, words)).toMatchObject(view);
  });

  it('offers to try again when watching has failed, since it does not know how far the ZIP has got', () => {
    const view = zipView(progress, { hasFailed: true }, words);
    expect(view).toMatchObject({ status: 'Not known', details: '', actions: ['retry'] });
    expect(view).not.toHaveProperty('bar');
  });

  it('says that the connection is lost, and drops the speed', () => {
    const reason = new Error();
    const lost = { type: 'reconnecting', attempt: 1, retryInMs: 3600, reason } as const;
    const view = zipView(progress, { lost }, words);
    expect(view).toMatchObject({
      status: 'Being made',
      bar: 50,
      tone: 'warn',
      note: 'Connection lost. Trying again in 4 sec.',
    });
    expect(zipView(progress, {}, words).details).toContain('/s');
    expect(view.details).not.toContain('/s');
  });
});
