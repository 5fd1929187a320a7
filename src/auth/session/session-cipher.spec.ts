import { SessionCipher } from './session-cipher.js';

const OLD = 'an old secret of more than 32 characters';
const NEW = 'a new secret of more than 32 characters!';

describe('what a session cipher has sealed', () => {
  const cipher = new SessionCipher([NEW]);
  const sealed = cipher.seal('tokens of álice', 'session 1');

  it('is opened for the same context only', () => {
    expect(cipher.open(sealed, 'session 1')).toBe('tokens of álice');
    expect(cipher.open(sealed, 'session 2')).toBeUndefined();
  });

  it('shows nothing of the text, and never looks the same', () => {
    expect(Buffer.from(sealed.split('.')[1]!, 'base64url').toString('latin1')).not.toContain('tok');
    expect(cipher.seal('tokens of álice', 'session 1')).not.toBe(sealed);
  });

  it('is opened while its secret is one of several', () => {
    const former = new SessionCipher([OLD]).seal('text', 'c');
    const both = new SessionCipher([NEW, OLD]);
    expect(both.open(former, 'c')).toBe('text');
    expect(cipher.open(both.seal('text', 'c'), 'c')).toBe('text');
    expect(cipher.open(former, 'c')).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['no key', sealed.split('.')[1]!],
    ['no text', `${sealed.split('.')[0]}.`],
    ['too short', sealed.slice(0, 20)],
    ['cut', sealed.slice(0, -4)],
    ['of an unknown key', sealed.replace(/^[^.]+/, 'AAAAAAAA')],
  ])('is not opened when it is %s', (_what, changed) => {
    expect(cipher.open(changed, 'session 1')).toBeUndefined();
  });

  it('is not opened when any of its characters is another one', () => {
    for (let index = 0; index < sealed.length - 1; index += 1) {
      const other = sealed[index] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      expect(cipher.open(changed, 'session 1')).toBeUndefined();
    }
  });
});
