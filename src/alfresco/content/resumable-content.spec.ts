import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ProblemException } from '../../problems/problem.exception.js';
import { seededRandom } from '../seeded-random.fixture.js';
import { ForeignResponseException } from '../responses.js';
import { type Resumed, ResumableContent, type Reopen } from './resumable-content.js';
import type { ByteRange } from '../download.js';

const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 251));
const WAIT_MS = 30_000;
const GONE = new ProblemException('ALFRESCO_UNREACHABLE', { diagnosis: 'ECONNREFUSED' });

/** How a source ends after so many bytes. */
type End = 'reset' | 'end' | 'close' | 'stay';

/** A connection that sends these bytes in pieces, and then ends so. */
function source(bytes: Buffer, end: End = 'end', piece = 1000): Readable {
  let at = 0;
  return new Readable({
    // No reading ahead: what waits in a stream is lost when it breaks.
    highWaterMark: 0,
    read() {
      if (at < bytes.length) {
        this.push(bytes.subarray(at, (at += piece)));
      } else if (end === 'end') this.push(null);
      else if (end === 'reset')
        this.destroy(Object.assign(new Error('read'), { code: 'ECONNRESET' }));
      else if (end === 'close') this.destroy();
    },
  });
}

interface Opened extends ByteRange {
  readonly at: number;
}

/** Content of this range, whose connections are these, one after the other. */
function content(range: ByteRange, sources: ((rest: ByteRange) => Readable | Promise<Readable>)[]) {
  const opened: Opened[] = [];
  const signals: AbortSignal[] = [];
  const left = sources.slice(1);
  const reopen: Reopen = async (rest, signal) => {
    opened.push({ ...rest, at: performance.now() });
    signals.push(signal);
    return (left.shift() ?? (() => Promise.reject(GONE)))(rest);
  };
  const stream = new ResumableContent(sources[0]!(range) as Readable, range, reopen, WAIT_MS);
  const resumed: Resumed[] = [];
  stream.on('resumed', (one: Resumed) => resumed.push(one));
  return { stream, opened, signals, resumed };
}

const slice = ({ start, end }: ByteRange, length = Infinity) =>
  BYTES.subarray(start, Math.min(end + 1, start + length));
/** A connection that sends so many bytes of what it is asked for. */
const first = (length: number, end: End) => (rest: ByteRange) => source(slice(rest, length), end);
const all = (rest: ByteRange) => source(slice(rest));
const unreachable = () => Promise.reject(GONE);
const foreign = () => Promise.reject(new ForeignResponseException(404));

const WHOLE = { start: 0, end: BYTES.length - 1 };

/** Reads to the end, while the timers of the pauses run. */
async function read(stream: Readable): Promise<Buffer | Error> {
  const result = buffer(stream).catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return result;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
  // Of the pauses, too.
  vi.spyOn(Math, 'random').mockImplementation(seededRandom());
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('content', () => {
  it('is passed on as it is', async () => {
    const { stream, opened } = content(WHOLE, [all]);
    expect(await read(stream)).toEqual(BYTES);
    expect(opened).toEqual([]);
  });

  it('without a byte ends at once', async () => {
    const { stream } = content({ start: 0, end: -1 }, [() => source(Buffer.alloc(0))]);
    expect(await read(stream)).toEqual(Buffer.alloc(0));
  });

  it.each<[string, End]>([
    ['breaks', 'reset'],
    ['ends early', 'end'],
    ['is closed', 'close'],
  ])('that %s continues from the byte reached', async (_what, end) => {
    const { stream, opened, resumed } = content(WHOLE, [first(4321, end), all]);
    expect(await read(stream)).toEqual(BYTES);
    expect(opened).toMatchObject([{ start: 4321, end: WHOLE.end }]);
    const cause = end === 'reset' ? 'ECONNRESET' : 'ENDED_EARLY';
    expect(resumed).toEqual([{ position: 4321, cause }]);
  });

  it('continues after a connection that broke before it was read', async () => {
    const broken = () => source(BYTES).destroy();
    const closed = async () => {
      const gone = broken();
      await new Promise((resolve) => gone.once('close', resolve));
      return gone;
    };
    const { stream, opened } = content(WHOLE, [broken, closed, all]);
    expect(await read(stream)).toEqual(BYTES);
    expect(opened).toHaveLength(2);
  });

  it('of a range continues within the range', async () => {
    const range = { start: 70_000, end: 79_999 };
    const { stream, opened } = content(range, [first(5000, 'reset'), all]);
    expect(await read(stream)).toEqual(slice(range));
    expect(opened).toMatchObject([{ start: 75_000, end: 79_999 }]);
  });

  it('is whole when the connection breaks after the last byte', async () => {
    const { stream, opened } = content(WHOLE, [first(BYTES.length, 'reset')]);
    expect(await read(stream)).toEqual(BYTES);
    expect(opened).toEqual([]);
  });

  it('never has more bytes than were asked for', async () => {
    const range = { start: 10, end: 2354 };
    const { stream } = content(range, [() => source(slice({ start: 10, end: 50_000 }))]);
    expect(await read(stream)).toEqual(slice(range));
  });

  it('continues as often as it breaks, wherever that is', async () => {
    for (let round = 0; round < 20; round += 1) {
      const cuts = Array.from({ length: 40 }, () => Math.floor(Math.random() * 5000));
      const ends: End[] = ['reset', 'end', 'close'];
      const { stream } = content(WHOLE, [
        ...cuts.map((length, index) => first(length + 1, ends[index % 3]!)),
        all,
      ]);
      expect(await read(stream)).toEqual(BYTES);
    }
  });

  it('is asked for again after pauses that become longer', async () => {
    const { stream, opened } = content(WHOLE, [
      first(10, 'reset'),
      ...Array(6).fill(unreachable),
      all,
    ]);
    expect(await read(stream)).toEqual(BYTES);
    expect(opened).toHaveLength(7);
    const pauses = opened.slice(1).map(({ at }, index) => at - opened[index]!.at);
    expect(pauses.at(-1)).toBeGreaterThan(pauses[0]!);
  });

  it('fails with the last cause when no byte has come for so long, however many attempts that are', async () => {
    const { stream, opened } = content(WHOLE, [first(10, 'reset')]);
    const begun = performance.now();
    expect(await read(stream)).toBe(GONE);
    expect(opened.length).toBeGreaterThan(10);
    expect(performance.now() - begun).toBeGreaterThan(WAIT_MS - 200);
    expect(opened.at(-1)!.at - begun).toBeLessThan(WAIT_MS);
  });

  it('continues when Alfresco is back just before that, however long the pauses have become', async () => {
    const begun = performance.now();
    const late = (rest: ByteRange) =>
      performance.now() - begun < WAIT_MS - 1000 ? Promise.reject(GONE) : all(rest);
    const { stream } = content(WHOLE, [first(10, 'reset'), ...Array(1000).fill(late)]);
    expect(await read(stream)).toEqual(BYTES);
  });

  it('has so long anew after each byte', async () => {
    const attempts = Array.from({ length: 60 }, (_, index) =>
      index % 10 === 9 ? first(1, 'reset') : unreachable,
    );
    const begun = performance.now();
    const { stream } = content(WHOLE, [first(10, 'reset'), ...attempts, all]);
    expect(await read(stream)).toEqual(BYTES);
    expect(performance.now() - begun).toBeGreaterThan(2 * WAIT_MS);
  });

  it('does not have so long anew after a connection without a byte', async () => {
    const begun = performance.now();
    const { stream } = content(WHOLE, [first(10, 'reset'), ...Array(1000).fill(first(0, 'reset'))]);
    expect(await read(stream)).toMatchObject({ code: 'ALFRESCO_UNREACHABLE' });
    expect(performance.now() - begun).toBeLessThanOrEqual(WAIT_MS);
  });

  it('fails when the attempts take too long, though there are few', async () => {
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS / 2));
      throw GONE;
    };
    const { stream, opened } = content(WHOLE, [first(10, 'reset'), slow, slow, slow]);
    expect(await read(stream)).toBe(GONE);
    expect(opened.length).toBeLessThan(10);
  });

  it('continues after responses of something else while Alfresco starts', async () => {
    const { stream } = content(WHOLE, [first(10, 'reset'), ...Array(6).fill(foreign), all]);
    expect(await read(stream)).toEqual(BYTES);
  });

  it.each([
    'DOWNLOAD_NOT_FOUND',
    'FORBIDDEN',
    'ALFRESCO_BAD_RESPONSE',
    'ALFRESCO_CREDENTIALS_REJECTED',
  ] as const)('fails at once with %s', async (code) => {
    const final = new ProblemException(code);
    const { stream, opened } = content(WHOLE, [first(10, 'reset'), () => Promise.reject(final)]);
    expect(await read(stream)).toBe(final);
    expect(opened).toHaveLength(1);
  });

  it('is asked for no more when its reader has gone', async () => {
    const { stream, opened, signals } = content(WHOLE, [
      first(10, 'reset'),
      () => new Promise<Readable>(() => {}),
    ]);
    stream.resume();
    await vi.advanceTimersByTimeAsync(5000);
    expect(opened).toHaveLength(1);
    stream.destroy();
    expect(signals[0]!.aborted).toBe(true);
    await vi.runAllTimersAsync();
    expect(opened).toHaveLength(1);
  });

  it('leaves no connection behind when its reader leaves', async () => {
    const connection = source(BYTES, 'stay');
    const { stream } = content(WHOLE, [() => connection]);
    stream.destroy();
    expect(connection.destroyed).toBe(true);
  });

  it('leaves no connection behind that was opened as its reader left', async () => {
    const late = source(BYTES, 'stay');
    const { promise, resolve: open } = Promise.withResolvers<Readable>();
    const { stream } = content(WHOLE, [first(10, 'reset'), () => promise]);
    stream.resume();
    await vi.advanceTimersByTimeAsync(5000);
    stream.destroy();
    open(late);
    await vi.advanceTimersByTimeAsync(1);
    expect(late.destroyed).toBe(true);
  });

  it('is not asked for while its reader does not want it', async () => {
    const connection = source(BYTES, 'stay');
    const { stream, opened } = content(WHOLE, [() => connection, all]);
    const chunk = await new Promise<Buffer>((resolve) =>
      stream.once('data', (data: Buffer) => {
        stream.pause();
        resolve(data);
      }),
    );
    connection.destroy(new Error('reset'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(opened).toEqual([]);
    expect(Buffer.concat([chunk, (await read(stream)) as Buffer])).toEqual(BYTES);
  });

  it('is not asked for when its reader leaves during a pause', async () => {
    const { stream, opened } = content(WHOLE, [first(10, 'reset'), all]);
    stream.once('data', () => {});
    await vi.advanceTimersByTimeAsync(0);
    stream.destroy();
    await vi.runAllTimersAsync();
    expect(opened).toEqual([]);
  });

  it('holds no more than one chunk for a reader that pauses', async () => {
    const connection = source(BYTES, 'end', 1000);
    const { stream } = content(WHOLE, [() => connection]);
    stream.once('readable', () => {});
    await vi.advanceTimersByTimeAsync(1000);
    expect(stream.readableLength).toBeLessThanOrEqual(1000);
    expect(await read(stream)).toEqual(BYTES);
  });
});
