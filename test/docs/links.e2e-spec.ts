import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { MarkdownDocument, allDocuments } from '../harness/markdown.js';
import { packedFiles, packedFilesOf } from '../harness/packed.js';

const documents = await allDocuments();
const byPath = new Map(documents.map((document) => [document.path, document]));

/** The reason why a link is broken. */
function fault({ path, anchors }: MarkdownDocument, link: string): string | undefined {
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? path : normalize(join(dirname(path), decodeURI(target)));
  if (!existsSync(file)) return `${link}: ${file} does not exist`;
  if (anchor === undefined) return undefined;
  const known = target === '' ? anchors : (byPath.get(file)?.anchors ?? []);
  return known.includes(anchor) ? undefined : `${link}: ${file} has no such heading`;
}

const isElsewhere = (link: string) => /^[a-z][a-z0-9+.-]*:/i.test(link);

/** Files that a document links to, relative to its folder. */
const filesIn = (path: string) =>
  byPath
    .get(path)!
    .links.filter((link) => !isElsewhere(link) && !link.startsWith('#'))
    .map((link) => link.split('#')[0]!);

describe('the documents', () => {
  it('are all read by these tests', () => {
    expect([...byPath.keys()]).toEqual(
      expect.arrayContaining(['README.md', 'docs/architecture.md', 'sandbox/README.md']),
    );
  });

  it.each(documents.map((document) => [document.path, document] as const))(
    'link only to files and headings that exist: %s',
    (_path, document) => {
      const faults = document.links
        .filter((link) => !isElsewhere(link))
        .map((link) => fault(document, link));
      expect(faults.filter((found) => found !== undefined)).toEqual([]);
    },
  );

  it('link to other sites by https, and to the demo', () => {
    const others = documents.flatMap(({ links }) => links.filter(isElsewhere));
    expect(
      others.filter((link) => !/^https:\/\/|^http:\/\/127\.0\.0\.1:3000\//.test(link)),
    ).toEqual([]);
  });

  it('can all be reached from the README', () => {
    const reached = new Set<string>();
    const visit = (path: string) => {
      const document = byPath.get(path);
      if (!document || reached.has(path)) return;
      reached.add(path);
      for (const link of document.links) {
        if (!isElsewhere(link)) visit(normalize(join(dirname(path), link.split('#')[0]!)));
      }
    };
    visit('README.md');
    expect([...byPath.keys()].filter((path) => !reached.has(path))).toEqual([]);
  });
});

/** What the README of the service says is in the repository only. */
const IN_REPOSITORY = /^(?:bench|client|deploy|examples|sandbox)\/|^CONTRIBUTING\.md$/;

describe('the README of a package', () => {
  it.each([
    ['alfresco-downloads-client', 'client/README.md'],
    ['alfresco-sandbox', 'sandbox/README.md'],
  ])('links only to files of the package: %s', (name, path) => {
    const packed = packedFilesOf(name);
    expect(packed).toContain('README.md');
    expect(filesIn(path).filter((file) => !packed.includes(file))).toEqual([]);
  });

  it('of the service links to files of the package, or of folders that are in the repository only', () => {
    const packed = packedFiles();
    const files = filesIn('README.md').filter((file) => !IN_REPOSITORY.test(file));
    expect(files).toContain('docs/first-day.md');
    expect(files.filter((file) => !packed.includes(file))).toEqual([]);
  });
});

describe('a broken link', () => {
  it('is found, in the document and between documents', () => {
    const text = '# A `b`: c!\n\n[x](#a-b-c) [y](#nope) [z](nope.md) [w](docs/errors.md#nope)';
    const document = new MarkdownDocument('README.md', text);
    expect(document.links.map((link) => fault(document, link))).toEqual([
      undefined,
      '#nope: README.md has no such heading',
      'nope.md: nope.md does not exist',
      'docs/errors.md#nope: docs/errors.md has no such heading',
    ]);
  });
});
