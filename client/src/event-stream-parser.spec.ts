import { EventStreamParser, type ServerSentEvent } from './event-stream-parser.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Parses a stream that arrives in these pieces. */
function parse(...pieces: readonly (string | Uint8Array)[]): ServerSentEvent[] {
  const parser = new EventStreamParser();
  return pieces.flatMap((piece) => parser.push(typeof piece === 'string' ? bytes(piece) : piece));
}

/** Type and data of each event. */
const seen = (...pieces: readonly (string | Uint8Array)[]) =>
  parse(...pieces).map(({ type, data }) => `${type}: ${data}`);

describe('an event stream', () => {
  it('yields type, data and id of an event once its empty line has arrived', () => {
    const parser = new EventStreamParser();
    expect(parser.push(bytes('id: 7\nevent: progress\ndata: {"a":1}\n'))).toEqual([]);
    expect(parser.push(bytes('\n'))).toEqual([
      { type: 'progress', data: '{"a":1}', lastEventId: '7' },
    ]);
  });

  it('has the type message for an event without one', () => {
    expect(seen('data: x\n\n')).toEqual(['message: x']);
  });

  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('may end lines with %s', (_name, end) => {
    const text = ['event: a', 'data: 1', 'data: 2', '', 'data: 3', '', ''].join(end);
    expect(seen(text)).toEqual(['a: 1\n2', 'message: 3']);
    expect(seen(...text.split(''))).toEqual(['a: 1\n2', 'message: 3']);
  });

  it('may be split at any byte, even within a character and between CR and LF', () => {
    const whole = bytes('\uFEFFevent: größe\r\ndata: 日本 🎉\r\rdata: é\n\r\n');
    const expected = ['größe: 日本 🎉', 'message: é'];
    expect(seen(whole)).toEqual(expected);
    expect(seen(...Array.from(whole, (_byte, at) => whole.subarray(at, at + 1)))).toEqual(expected);
    for (let at = 1; at < whole.length; at += 1) {
      expect(seen(whole.subarray(0, at), whole.subarray(at))).toEqual(expected);
    }
  });

  it('ignores a line feed that arrives after its CR, but not the one after it', () => {
    expect(seen('data: 1\r', '\n', '\n')).toEqual(['message: 1']);
    expect(seen('data: 1\r', '', '\ndata: 2\n\n')).toEqual(['message: 1\n2']);
    expect(seen('data: 1\r', 'data: 2\r', '\r')).toEqual(['message: 1\n2']);
  });

  it('does not wait for data that might follow a CR', () => {
    expect(seen('data: 1\r\r')).toEqual(['message: 1']);
  });

  it('loses a byte order mark only at its start', () => {
    expect(seen('\uFEFFdata: 1\n\n', '\uFEFFdata: 2\n\n', 'data: \uFEFF3\n\n')).toEqual([
      'message: 1',
      'message: \uFEFF3',
    ]);
  });

  it('removes one space in front of a value, and no more', () => {
    expect(seen('data:x\n\ndata: x\n\ndata:  x \n\n')).toEqual([
      'message: x',
      'message: x',
      'message:  x ',
    ]);
  });

  it('supports data with colons, without a value, and empty lines of data', () => {
    expect(seen('data: a: b\n\ndata\n\ndata\ndata\n\n')).toEqual([
      'message: a: b',
      'message: ',
      'message: \n',
    ]);
  });

  it('ignores comments, unknown fields, and events without data', () => {
    expect(seen(': heartbeat\n\n:\nfoo: bar\nDATA: x\n data: y\nevent: a\n\ndata: 1\n\n')).toEqual([
      'message: 1',
    ]);
  });

  it('ends without an incomplete event', () => {
    expect(seen('data: 1\n\ndata: 2\n')).toEqual(['message: 1']);
  });

  it('keeps an id for the following events, until another or an empty one arrives', () => {
    const text = 'id: a\ndata: 1\n\ndata: 2\n\nid: b\n\ndata: 3\n\nid\ndata: 4\n\n';
    expect(parse(text).map(({ lastEventId }) => lastEventId)).toEqual(['a', 'a', 'b', '']);
  });

  it('ignores an id with a NUL', () => {
    expect(parse('id: a\ndata: 1\n\nid: b\0c\ndata: 2\n\n').map((it) => it.lastEventId)).toEqual([
      'a',
      'a',
    ]);
  });

  it('starts with the id of the previous connection', () => {
    const parser = new EventStreamParser('before');
    expect(parser.push(bytes('data: 1\n\n'))[0]).toMatchObject({ lastEventId: 'before' });
  });

  it('accepts a time to wait before reconnecting in digits only', () => {
    const parser = new EventStreamParser();
    expect(parser.retryMs).toBeUndefined();
    parser.push(bytes('retry: 2000\n'));
    parser.push(bytes('retry: 1e9\nretry: -1\nretry:\nretry: 10s\n'));
    expect(parser.retryMs).toBe(2000);
  });

  it('has replacement characters where it is not valid text', () => {
    expect(seen(Uint8Array.of(0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a))).toEqual([
      'message: \uFFFD',
    ]);
  });

  it('is rejected if a line never ends', () => {
    const parser = new EventStreamParser();
    const piece = bytes('x'.repeat(64 * 1024));
    expect(() => {
      for (let at = 0; at < 32; at += 1) parser.push(piece);
    }).toThrow(RangeError);
  });

  it('is rejected if an event never ends', () => {
    const parser = new EventStreamParser();
    const piece = bytes(`data: ${'x'.repeat(64 * 1024)}\n`);
    expect(() => {
      for (let at = 0; at < 32; at += 1) parser.push(piece);
    }).toThrow(RangeError);
  });
});
