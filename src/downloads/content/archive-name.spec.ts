import { parse } from 'content-disposition';
import fc from 'fast-check';
import { archiveName, contentDisposition } from './archive-name.js';

describe('the name of the archive', () => {
  it.each([
    ['keeps a name that ends in .zip', 'archive.zip', 'archive.zip'],
    ['keeps an ending in capitals', 'ARCHIVE.ZIP', 'ARCHIVE.ZIP'],
    ['keeps other letters than ASCII', 'naïve 日本.zip', 'naïve 日本.zip'],
    ['adds an ending', 'report', 'report.zip'],
    ['adds an ending to another one', 'report.pdf', 'report.pdf.zip'],
    ['adds an ending to one that only looks alike', 'report-zip', 'report-zip.zip'],
    ['makes up for an empty name', '', 'archive.zip'],
    ['makes up for a blank name', '   ', 'archive.zip'],
    ['makes up for a name that is only an ending', '.zip', 'archive.zip'],
    ['drops blanks around', '  report.zip ', 'report.zip'],
    ['leaves no folder in a name', '../../etc/passwd.zip', '.._.._etc_passwd.zip'],
    ['leaves no Windows folder in a name', 'C:\\temp\\a.zip', 'C:_temp_a.zip'],
    ['leaves no line break in a name', 'a\r\nSet-Cookie: x.zip', 'a__Set-Cookie: x.zip'],
    ['leaves no other control character in a name', 'a\0b\u007fc\u0085.zip', 'a_b_c_.zip'],
    ['leaves no override of the reading direction', 'x\u202epiz.exe', 'x_piz.exe.zip'],
    ['leaves no isolate of the reading direction', 'x\u2066y\u2069.zip', 'x_y_.zip'],
    ['replaces half of a surrogate pair', 'a\ud83d.zip', 'a\ufffd.zip'],
    ['cuts a long name', 'a'.repeat(400_000), `${'a'.repeat(251)}.zip`],
    ['cuts a long name before its ending', `${'b'.repeat(300)}.zip`, `${'b'.repeat(251)}.zip`],
    ['keeps a name of 255 characters', `${'c'.repeat(251)}.zip`, `${'c'.repeat(251)}.zip`],
    ['cuts no character in two', `${'d'.repeat(250)}😀`, `${'d'.repeat(250)}\ufffd.zip`],
    ['keeps a whole surrogate pair', '😀.zip', '😀.zip'],
  ])('%s', (_what, name, expected) => {
    expect(archiveName(name)).toBe(expected);
  });
});

describe('the Content-Disposition header', () => {
  it('offers a name for saving, in quotes as Alfresco does', () => {
    expect(contentDisposition('archive.zip')).toBe('attachment; filename="archive.zip"');
  });

  it('quotes a name with blanks', () => {
    expect(contentDisposition('my report.zip')).toBe('attachment; filename="my report.zip"');
  });

  it.each([
    ['filename.zip', 'attachment; filename="filename.zip"'],
    ['a+b.zip', 'attachment; filename="a+b.zip"'],
    ['$1$&.zip', 'attachment; filename="$1$&.zip"'],
  ])('quotes the plain token %j', (name, expected) => {
    expect(contentDisposition(name)).toBe(expected);
  });

  it.each([
    ['x filename=abc.zip', 'attachment; filename="x filename=abc.zip"'],
    ['a filename=b; c.zip', 'attachment; filename="a filename=b; c.zip"'],
    ['; filename=b.zip', 'attachment; filename="; filename=b.zip"'],
    ['attachment; filename=b.zip', 'attachment; filename="attachment; filename=b.zip"'],
    ['filename="b".zip', 'attachment; filename="filename=\\"b\\".zip"'],
    ['a=b;c,d.zip', 'attachment; filename="a=b;c,d.zip"'],
    [
      '100%41; filename=b.zip',
      'attachment; filename="100%41; filename=b.zip"; ' +
        "filename*=UTF-8''100%2541%3B%20filename%3Db.zip",
    ],
  ])('quotes once the name %j, which looks like a header', (name, expected) => {
    expect(contentDisposition(name)).toBe(expected);
  });

  it('does not let a quote end the name', () => {
    expect(contentDisposition('a"; x="b.zip')).toBe('attachment; filename="a\\"; x=\\"b.zip"');
  });

  it.each([
    ['naïve 日本.zip', "filename*=UTF-8''na%C3%AFve%20%E6%97%A5%E6%9C%AC.zip"],
    ["é'(1)*.zip", "filename*=UTF-8''%C3%A9%27%281%29%2A.zip"],
    ['😀.zip', "filename*=UTF-8''%F0%9F%98%80.zip"],
    ['\ud83d.zip', "filename*=UTF-8''%EF%BF%BD.zip"],
  ])('carries %j in the extended form of RFC 8187', (name, parameter) => {
    expect(contentDisposition(name).split('; ')).toContain(parameter);
  });

  it('has an ASCII name beside the extended one, for old clients', () => {
    expect(contentDisposition('naïve 日本.zip')).toMatch(
      /^attachment; filename="na[ -~]ve [ -~]+\.zip"; /,
    );
  });

  it('does not let a client decode a name that holds a percent sign', () => {
    expect(contentDisposition('100%41.zip')).toContain("filename*=UTF-8''100%2541.zip");
  });

  it.each(['naïve 日本', 'a\r\nb', 'a\0b', '\u0085', '\ud83d', 'x\u202ey', ''])(
    'is printable ASCII for the name %j',
    (name) => {
      expect(contentDisposition(name)).toMatch(/^[ -~]+$/);
    },
  );
});

describe('any name', () => {
  const names = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

  it('makes a header of printable ASCII that says what the archive is called', () => {
    fc.assert(
      fc.property(names, (name) => {
        const header = contentDisposition(name);
        expect(header).toMatch(/^attachment; filename=[\x20-\x7e]+$/);
        expect(parse(header).parameters.filename).toBe(archiveName(name));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends in .zip and leads nowhere else', () => {
    fc.assert(
      fc.property(names, (name) => {
        expect(archiveName(name)).toMatch(/^[^/\\\p{Cc}]+\.zip$/iu);
      }),
    );
  });
});
