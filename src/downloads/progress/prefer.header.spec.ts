import { LONGEST_WAIT, parseWait } from './prefer.header.js';

describe('the wait preference', () => {
  it.each([
    ['wait=10', 10],
    ['wait=0', 0],
    ['Wait = 10', 10],
    ['wait="10"', 10],
    ['respond-async, wait=5', 5],
    ['handling=lenient;x=y, wait=5; q=1', 5],
    ['wait=5, wait=9', 5],
    ['wait=999', LONGEST_WAIT],
    ['wait=9999999999', LONGEST_WAIT],
    [['respond-async', 'wait=7'], 7],
  ])('of %j is %d', (header, seconds) => {
    expect(parseWait(header)).toBe(seconds);
  });

  it.each([
    undefined,
    '',
    'wait',
    'wait=',
    'wait=-1',
    'wait=1.5',
    'wait=abc',
    'awaits=5',
    'x="wait=5"',
    ',,,',
    'wait=99999999999',
  ])('is not there in %j', (header) => {
    expect(parseWait(header)).toBeUndefined();
  });
});
