import { challenge, schemeOf } from './challenge.js';

const BASIC = 'Basic realm="alfresco-downloads", charset="UTF-8"';
const BEARER = 'Bearer realm="alfresco-downloads"';

describe('the challenge of a 401', () => {
  it('makes a browser ask for a password, in UTF-8', () => {
    expect(challenge({}, ['basic'])).toBe(BASIC);
  });

  it.each(['XMLHttpRequest', 'xmlhttprequest'])(
    'opens no login window over a web application that sends X-Requested-With: %s',
    (value) => {
      expect(challenge({ 'x-requested-with': value }, ['basic'])).toBe(`x${BASIC}`);
    },
  );

  it.each(['', 'com.example.app', 'XMLHttpRequest2'])(
    'is the usual one for X-Requested-With: "%s"',
    (value) => {
      expect(challenge({ 'x-requested-with': value }, ['basic'])).toBe(BASIC);
    },
  );

  it.each([undefined, '', 'Basic YTpi', 'BearerX y'])(
    'names no error to who sent no token: %s',
    (authorization) => {
      expect(challenge({ authorization }, ['bearer'])).toBe(BEARER);
    },
  );

  it.each(['Bearer x', 'bearer x', 'Bearer'])('names the error of %s', (authorization) => {
    expect(challenge({ authorization }, ['bearer'])).toBe(`${BEARER}, error="invalid_token"`);
  });

  it('is one for each scheme', () => {
    expect(challenge({}, ['basic', 'bearer'])).toBe(`${BASIC}, ${BEARER}`);
  });
});

describe('the scheme of credentials', () => {
  it.each([
    [undefined, undefined],
    ['', ''],
    ['Basic x', 'basic'],
    ['BEARER  x', 'bearer'],
    ['xBasic x', 'xbasic'],
    ['Bearer', 'bearer'],
    ['Bearer\tx', 'bearer\tx'],
  ])('of %j is %j', (authorization, scheme) => {
    expect(schemeOf({ authorization })).toBe(scheme);
  });
});
