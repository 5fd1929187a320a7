import { DownloadsProblem, ServiceUnreachable } from 'alfresco-downloads-client';
import { bytes, count, duration, failure, shortList } from './wording.ts';

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
    expect(bytes(size)).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min 0 s'],
    [3599, '59 min 59 s'],
    [3600, '1 h 0 min'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('numbers agree with what they count', () => {
    expect([count(0, 'file'), count(1, 'file'), count(1234, 'file')]).toEqual([
      '0 files',
      '1 file',
      '1,234 files',
    ]);
  });

  it('long lists of names are shortened', () => {
    expect(shortList(['a', 'b', 'c'])).toBe('a, b, c');
    expect(shortList(['a', 'b', 'c', 'd'])).toBe('a, b and 2 more');
  });
});

describe('a failure', () => {
  it('is described in the words of the service, with the names of the nodes concerned', () => {
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
    expect(failure(new DownloadsProblem(problem), ['a.txt', 'b.txt'])).toBe(
      'Something is wrong. b.txt: repeats an earlier id. /nodeIds: are too many. fields: is odd.',
    );
  });

  it('says when to try again, if that is known', () => {
    const problem = { status: 429, code: 'TOO_MANY_REQUESTS', title: 'T', detail: 'Too many.' };
    expect(failure(new DownloadsProblem(problem, 41_500))).toBe('Too many. Try again in 42 s.');
  });

  it('of a proxy is described as such', () => {
    const problem = { status: 502, title: 'HTTP 502' };
    expect(failure(new DownloadsProblem(problem))).toBe('HTTP 502. Try again later.');
  });

  it('to reach the service is described as such', () => {
    expect(failure(new ServiceUnreachable('x'))).toBe(
      'The service cannot be reached. Check your connection and try again.',
    );
  });

  it('of the page itself is described without its reason, which is logged to the console', () => {
    const reason = new TypeError('x is not a function');
    const spy = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => spy.mockRestore());
    expect(failure(reason)).toBe('Something went wrong in this page. Reload it, and try again.');
    expect(spy).toHaveBeenCalledWith(reason);
  });
});
