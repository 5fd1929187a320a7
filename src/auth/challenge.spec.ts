import { challenge } from './challenge.js';

describe('the challenge of a 401', () => {
  it('makes a browser ask for a password, in UTF-8', () => {
    expect(challenge({})).toBe('Basic realm="alfresco-downloads", charset="UTF-8"');
  });

  it.each(['XMLHttpRequest', 'xmlhttprequest'])(
    'opens no login window over a web application that sends X-Requested-With: %s',
    (value) => {
      expect(challenge({ 'x-requested-with': value })).toBe(
        'xBasic realm="alfresco-downloads", charset="UTF-8"',
      );
    },
  );

  it.each(['', 'com.example.app', 'XMLHttpRequest2'])(
    'is the usual one for X-Requested-With: "%s"',
    (value) => {
      expect(challenge({ 'x-requested-with': value })).toBe(
        'Basic realm="alfresco-downloads", charset="UTF-8"',
      );
    },
  );
});
