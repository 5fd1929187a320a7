import { acceptedType } from './accepted-type.js';

const accepted = (accept?: string) =>
  acceptedType({ headers: { accept } }, 'application/json', 'text/html');

describe('the media type of a response', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/*', 'text/html'],
    ['TEXT/HTML', 'text/html'],
    ['text/html;q=0.1', 'text/html'],
    ['text/html, application/json', 'text/html'],
    ['text/html;q=0.8, application/json;q=0.9', 'application/json'],
    ['*/*, application/json;q=0', 'text/html'],
    ['nonsense, text/html', 'text/html'],
  ])('is what the client prefers: %s', (accept, type) => {
    expect(accepted(accept)).toBe(type);
  });

  it.each(['', 'nonsense', 'image/png', '*/*;q=0', 'text/html;q=0', 'text/html;q=0.000'])(
    'is the first one where none is accepted: %j',
    (accept) => {
      expect(accepted(accept)).toBe('application/json');
    },
  );
});
