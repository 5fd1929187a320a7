import { DownloadsProblem, ServiceUnreachable } from '../index.ts';
import { download } from '../scripted-server.fixture.ts';
import { ZipWords } from './zip-words.ts';

const words = new ZipWords();
const GERMAN: Readonly<Record<string, string>> = {
  bytes: '{done} von {total}',
  'files-one': '{count} Datei',
  'files-other': '{count} Dateien',
  files: '{done} von {total}',
  left: 'noch etwa {time}',
  'error-too-many-requests': 'Zu viele Anfragen.',
  'error-retry': 'In {time} noch einmal versuchen.',
};
const german = new ZipWords((name) => GERMAN[name], 'de');

describe('in words,', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [20_480, '20.5 kB'],
    [300_669, '301 kB'],
    [20_000_000, '20 MB'],
    [2_152_852_358, '2.2 GB'],
    [5e15, '5,000 TB'],
  ])('%i bytes are %s', (size, text) => {
    expect(words.bytes(size)).toBe(text);
  });

  it.each([
    [0, '0 sec'],
    [59, '59 sec'],
    [60, '1 min 0 sec'],
    [3599, '59 min 59 sec'],
    [3600, '1 hr 0 min'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(words.duration(seconds)).toBe(text);
  });

  it('numbers agree with what they count, in languages with more than two forms as well', () => {
    expect([0, 1, 1234].map((count) => words.files(count))).toEqual([
      '0 files',
      '1 file',
      '1,234 files',
    ]);
    const polish: Readonly<Record<string, string>> = {
      'files-one': '{count} plik',
      'files-few': '{count} pliki',
      'files-many': '{count} plików',
    };
    const inPolish = new ZipWords((name) => polish[name], 'pl');
    expect([1, 3, 5].map((count) => inPolish.files(count))).toEqual([
      '1 plik',
      '3 pliki',
      '5 plików',
    ]);
  });

  it('progress is one line of all that is known', () => {
    const entry = download({ bytesAdded: 10_240_000, totalBytes: 20_971_533, totalFiles: 3 });
    const known = { entry, percent: 48.8 };
    const measured = { ...known, bytesPerSecond: 5_000_000, remainingSeconds: 3 };
    expect(words.progress(known)).toBe('48% · 10.2 MB of 21 MB · 1 of 3 files');
    expect(words.progress(measured)).toBe(
      '48% · 10.2 MB of 21 MB · 1 of 3 files · 5 MB/s · about 3 sec left',
    );
    expect(german.progress(measured)).toBe(
      '48\u00a0% · 10,2 MB von 21 MB · 1 von 3 Dateien · 5 MB/s · noch etwa 3 Sek.',
    );
    const unknown = download({ totalBytes: 0, totalFiles: 0 });
    expect(words.progress({ entry: unknown, percent: 0 })).toBe('');
  });

  it('numbers are English in languages that do not exist', () => {
    expect(new ZipWords(undefined, 'no language').bytes(1500)).toBe('1.5 kB');
    expect(new ZipWords(undefined, 'xx-klingon').bytes(1500)).toBe('1.5 kB');
  });
});

describe('a failure', () => {
  it('is described in the words of the service, with the nodes concerned', () => {
    const problem = {
      status: 400,
      code: 'VALIDATION_FAILED',
      title: 'Wrong',
      detail: 'Something is wrong.',
      errors: [
        { pointer: '/nodeIds/1', detail: 'repeats an earlier id' },
        { pointer: '/nodeIds', detail: 'are too many' },
        { parameter: 'fields', detail: 'is odd' },
      ],
    };
    expect(words.failure(new DownloadsProblem(problem), ['a', 'b'])).toBe(
      'Something is wrong. b: repeats an earlier id. /nodeIds: are too many. fields: is odd.',
    );
  });

  it('says when to try again, if that is known, in the words of the page if it has some for the code', () => {
    const problem = { status: 429, code: 'TOO_MANY_REQUESTS', title: 'T', detail: 'Too many.' };
    const failure = new DownloadsProblem(problem, 41_500);
    expect(words.failure(failure)).toBe('Too many. Try again in 42 sec.');
    expect(german.failure(failure)).toBe('Zu viele Anfragen. In 42 Sek. noch einmal versuchen.');
  });

  it('of a proxy is described as such', () => {
    const failure = new DownloadsProblem({ status: 502, title: 'HTTP 502' });
    expect(words.failure(failure)).toBe('HTTP 502. Try again later.');
  });

  it('to reach the service is described as such', () => {
    expect(words.failure(new ServiceUnreachable('x'))).toBe(
      'The service cannot be reached. Check your connection and try again.',
    );
  });

  it('of the page itself is described without its reason, which is logged to the console', () => {
    const reason = new TypeError('x is not a function');
    const spy = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => spy.mockRestore());
    expect(words.failure(reason)).toBe(
      'Something went wrong in this page. Reload it, and try again.',
    );
    expect(spy).toHaveBeenCalledWith(reason);
  });
});
