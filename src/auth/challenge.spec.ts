import { challengeFor, schemeOf } from './challenge.js';

const BASIC = 'Basic realm="alfresco-downloads", charset="UTF-8"';
const BEARER = 'Bearer realm="alfresco-downloads"';

describe('the challenge of a 401', () => {
  it('makes a browser ask for a password, in UTF-8', () => {
    expect(challengeFor(['basic'], '')({})).toBe(BASIC);
  });

  it.each(['XMLHttpRequest', 'xmlhttprequest'])(
    'opens no login window over a web application that sends X-Requested-With: %s',
    (value) => {
      expect(challengeFor(['basic'], '')({ 'x-requested-with': value })).toBe(`x${BASIC}`);
    },
  );

  it.each(['', 'com.example.app', 'XMLHttpRequest2'])(
    'is the usual one for X-Requested-With: "%s"',
    (value) => {
      expect(challengeFor(['basic'], '')({ 'x-requested-with': value })).toBe(BASIC);
    },
  );

  it.each([undefined, '', 'Basic YTpi', 'BearerX y'])(
    'names no error to a client that sent no token: %s',
    (authorization) => {
      expect(challengeFor(['bearer'], '')({ authorization })).toBe(BEARER);
    },
  );

  it.each(['Bearer x', 'bearer x', 'Bearer'])('names the error of %s', (authorization) => {
    expect(challengeFor(['bearer'], '')({ authorization })).toBe(
      `${BEARER}, error="invalid_token"`,
    );
  });

  it('is Alfresco’s own under its path, whatever is accepted', () => {
    const path = 'alfresco/api/acme/public/alfresco/versions/1';
    const challenge = 'AlfTicket realm="Alfresco acme tenant"';
    expect(challengeFor(['basic'], path)({})).toBe(challenge);
    expect(challengeFor(['bearer'], path)({ authorization: 'Bearer x' })).toBe(challenge);
  });

  it('is one for each scheme', () => {
    expect(challengeFor(['basic', 'bearer'], '')({})).toBe(`${BASIC}, ${BEARER}`);
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
    expect(schemeOf(authorization)).toBe(scheme);
  });
});
