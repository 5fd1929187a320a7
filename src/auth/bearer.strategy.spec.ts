import { parseBearerToken } from './bearer.strategy.js';

describe('a bearer token in a header', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc  ', 'abc'],
    ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
  ])('is taken from %j', (header, token) => {
    expect(parseBearerToken(header)).toBe(token);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer =',
    'Bearer a=b',
    'Bearer a b',
    'Bearer a,b',
    'Bearer a, Bearer b',
    'Bearer "a"',
    'Bearer ä',
    'Bearer\ta',
    'Bearerabc',
    'xBearer abc',
    'Basic abc',
  ])('is not taken from %j', (header) => {
    expect(parseBearerToken(header)).toBeUndefined();
  });
});
