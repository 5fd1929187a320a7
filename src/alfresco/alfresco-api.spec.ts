import fc from 'fast-check';
import { NODE_ID_PATTERN, isNodeId, normalizeNodeId } from './alfresco-api.js';

/** What a generated client does with the pattern of the OpenAPI document. */
function matchesPublishedPattern(text: string): boolean {
  return new RegExp(NODE_ID_PATTERN).test(text);
}

describe('a node id', () => {
  it.each([
    'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c',
    'C8BB482A-FF3C-4704-A3A3-DE1C83CCD84C',
    'downloads_container',
    'rendering_actions_space',
    'wf-email-html-ftl',
    'tag:tag-root',
    'APP.DEFAULT',
    'GROUP_ALFRESCO_SYSTEM_ADMINISTRATORS',
    '-root-',
    'a',
    '.a',
    '..a',
    'a..',
    ':',
    'x'.repeat(36),
  ])('may be "%s"', (text) => {
    expect(isNodeId(text)).toBe(true);
    expect(matchesPublishedPattern(text)).toBe(true);
  });

  it.each([
    '',
    '.',
    '..',
    '.'.repeat(36),
    'x'.repeat(37),
    'a b',
    ' a',
    'a\n',
    '..\n',
    'a/b',
    'a\\b',
    'a;1.0',
    'a?b',
    'a#b',
    'a%2e',
    'a@b',
    'a,b',
    'a\0',
    'é',
    'ａ',
  ])('may not be %j', (text) => {
    expect(isNodeId(text)).toBe(false);
    expect(matchesPublishedPattern(text)).toBe(false);
  });
});

describe('the form in which ids are compared', () => {
  it.each([
    [
      'is lower case for a UUID',
      'C8BB482A-ff3c-4704-A3A3-DE1C83CCD84C',
      'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c',
    ],
    ['is left alone for a stock id', 'APP.DEFAULT', 'APP.DEFAULT'],
    [
      'is left alone for 36 characters that are no UUID',
      'GROUP_ALFRESCO_SYSTEM_ADMINISTRATORS',
      'GROUP_ALFRESCO_SYSTEM_ADMINISTRATORS',
    ],
    [
      'is left alone for a UUID without hyphens',
      'C8BB482AFF3C4704A3A3DE1C83CCD84C',
      'C8BB482AFF3C4704A3A3DE1C83CCD84C',
    ],
    [
      'is left alone for what only looks like a UUID',
      'G8BB482A-FF3C-4704-A3A3-DE1C83CCD84C',
      'G8BB482A-FF3C-4704-A3A3-DE1C83CCD84C',
    ],
  ])('%s', (_what, id, expected) => {
    expect(normalizeNodeId(id)).toBe(expected);
  });
});

describe('any text', () => {
  const nearlyIds = fc.string({
    unit: fc.constantFrom(...'aZ09._:-;/%\\ \n'.split('')),
    maxLength: 40,
  });
  const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), nearlyIds);

  it('that passes for an id stays one segment of a path, whatever reads the path', () => {
    fc.assert(
      fc.property(texts, (text) => {
        if (!isNodeId(text)) return;
        expect(text).toMatch(/^[A-Za-z0-9._:-]+$/);
        expect(text.length).toBeLessThanOrEqual(36);
        const url = new URL(`http://alfresco/nodes/${encodeURIComponent(text)}/content`);
        expect(url.pathname.split('/').map(decodeURIComponent)).toEqual([
          '',
          'nodes',
          text,
          'content',
        ]);
      }),
      { numRuns: 5000 },
    );
  });

  it('is an id by the published pattern when, and only when, it is one here', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(matchesPublishedPattern(text)).toBe(isNodeId(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('is normalized to what normalizes to itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          texts,
          fc.uuid().map((id) => id.toUpperCase()),
        ),
        (text) => {
          const normal = normalizeNodeId(text);
          expect(normalizeNodeId(normal)).toBe(normal);
          expect(normal.toLowerCase()).toBe(text.toLowerCase());
        },
      ),
    );
  });
});
