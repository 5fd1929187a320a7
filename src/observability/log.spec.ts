import type { LogLevel } from '../config/app-config.js';
import { createLog } from './log.js';
import { RequestContext, runInRequest, runOutsideRequests } from './request-context.js';

const HASH = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

function capture(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const log = createLog(level, { write: (line) => void lines.push(line) });
  return {
    ...log,
    text: () => lines.join(''),
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('the log', () => {
  it('is a line of JSON for each event, with level, time, context and message', () => {
    const log = capture();
    log.events.warn('Redis does not respond', 'RateLimit');
    expect(log.text()).toMatch(/^\{.*\}\n$/);
    expect(log.lines()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        context: 'RateLimit',
        msg: 'Redis does not respond',
      },
    ]);
  });

  it.each([
    ['silent', []],
    ['fatal', ['fatal']],
    ['error', ['fatal', 'error']],
    ['warn', ['fatal', 'error', 'warn']],
    ['log', ['fatal', 'error', 'warn', 'info']],
    ['debug', ['fatal', 'error', 'warn', 'info', 'debug']],
  ] as const)('with LOG_LEVEL=%s has %j', (level, expected) => {
    const log = capture(level);
    for (const name of ['fatal', 'error', 'warn', 'log', 'debug'] as const)
      log.events[name]!('x', 'Y');
    expect(log.lines().map((line) => line.level)).toEqual(expected);
  });

  it('names the request on whose behalf a line was written, also after waiting', async () => {
    const log = capture();
    await runInRequest(new RequestContext('request-1'), async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.events.log('within', 'X');
      runOutsideRequests(() => log.events.log('outside', 'X'));
    });
    log.events.log('after', 'X');
    expect(log.lines().map(({ msg, requestId }) => [msg, requestId])).toEqual([
      ['within', 'request-1'],
      ['outside', undefined],
      ['after', undefined],
    ]);
  });

  it('writes no value under the name of a secret', () => {
    const log = capture();
    const headers = { Authorization: 'ok', authorization: 'open sesame', 'set-cookie': 'sesame' };
    log.events.log('sent', { headers, password: 'open sesame', link: 'sesame' }, 'X');
    log.events.log({ cookie: 'sesame', deep: { token: 'sesame' } }, 'X');
    expect(log.text()).not.toContain('sesame');
    expect(log.lines()).toHaveLength(2);
  });

  it.each([
    ['a ticket', 'TICKET_57866258ea56c28491bb3e75d8355ebf6fbaaa23'],
    ['credentials', 'Basic YWxpY2U6b3BlbiBzZXNhbWU='],
    ['a token', `Bearer ${TOKEN}`],
    ['a bare token', TOKEN],
    ['a signed link', '/content?link=WzE3NjM5.c2lnbmF0dXJl'],
    ['the hash of a password', HASH],
  ])('blots %s out of a message and of a stack', (_what, secret) => {
    const log = capture();
    const value = secret.replace(/^(?:Basic |Bearer |.*link=)/, '');
    log.events.error(`Unexpected token in "${secret}"`, 'X');
    log.events.error('failed', `Error: "${secret}"\n    at x (file.js:1:1)`, 'X');
    expect(log.text()).not.toContain(value);
    expect(log.text().match(/\[redacted\]/g)).toHaveLength(2);
  });

  it('leaves words about secrets alone', () => {
    const log = capture();
    log.events.log('Basic authentication, Bearer tokens and a link=', 'X');
    expect(log.lines()[0]!.msg).toBe('Basic authentication, Bearer tokens and a link=');
  });
});
