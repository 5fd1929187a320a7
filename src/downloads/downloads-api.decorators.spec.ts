import { toNodeId } from './downloads-api.decorators.js';

describe('an id in a path', () => {
  it.each([
    [
      'a UUID in lower case',
      '5B6AE6A6-7D1D-4D6B-9D0A-5C0F6A1D2E3F',
      '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
    ],
    [
      'a UUID as it is',
      '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
      '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
    ],
    ['another id in its own case', 'APP.DEFAULT', 'APP.DEFAULT'],
  ])('is taken: %s', (_what, id, expected) => {
    expect(toNodeId(id)).toBe(expected);
  });

  it.each(['', '.', '..', 'a/b', '../x', 'a;1.0', 'a b', 'a%2e', 'a'.repeat(37)])(
    'is refused with INVALID_ID and the name of the parameter: "%s"',
    (id) => {
      expect(() => toNodeId(id)).toThrow(
        expect.objectContaining({
          code: 'INVALID_ID',
          status: 400,
          errors: [{ parameter: 'id', detail: expect.stringContaining('not only dots') }],
        }),
      );
    },
  );
});
