import { PassThrough } from 'node:stream';

import { LogOutput, TerminalFormat } from './log-output.js';

function output() {
  const stream = new PassThrough();
  const written: string[] = [];
  stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  return { stream, written, log: new LogOutput(stream as unknown as NodeJS.WriteStream) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the output of the log', () => {
  it('has lines that come shortly after each other in order and in one piece', () => {
    const { log, written } = output();
    for (const line of ['a\n', 'b\n', 'c\n']) log.write(line);
    expect(written).toEqual([]);
    vi.runAllTimers();
    expect(written).toEqual(['a\nb\nc\n']);
    log.write('d\n');
    vi.runAllTimers();
    expect(written).toEqual(['a\nb\nc\n', 'd\n']);
  });

  it('has the lines of a process that ends before they are due', () => {
    const { log, written } = output();
    log.write('the last words\n');
    process.listeners('exit').at(-1)!(0);
    expect(written).toEqual(['the last words\n']);
  });

  it('does not end the process when it cannot be written', async () => {
    const { log, stream } = output();
    stream.destroy(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    log.write('lost\n');
    vi.runAllTimers();
    log.write('lost, too\n');
    vi.runAllTimers();
    expect(stream.destroyed).toBe(true);
  });
});

function shown(line: object): string {
  let text = '';
  new TerminalFormat({ write: (more) => (text += more) }).write(`${JSON.stringify(line)}\n`);
  return text;
}

describe('the log on a terminal', () => {
  it('is a line of text', () => {
    const line = {
      level: 'info',
      time: '2026-11-24T05:07:01.093Z',
      requestId: 'a-1',
      status: 200,
      msg: 'GET /downloads/:id 200',
    };
    expect(shown(line)).toBe(
      '05:07:01.093 INFO  GET /downloads/:id 200 requestId=a-1 status=200\n',
    );
  });

  it('shows where a message comes from, what is wrong in colour, and a stack in lines of its own', () => {
    const line = {
      level: 'error',
      time: '2026-11-24T05:07:01.093Z',
      context: 'Store',
      stack: 'Error: x\n    at y',
      msg: 'broken',
    };
    expect(shown(line)).toBe(
      '\u001b[31m05:07:01.093 ERROR [Store] broken\u001b[0m\nError: x\n    at y\n',
    );
  });
});
