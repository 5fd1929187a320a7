import { TerminalFormat } from './terminal-format.js';

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
