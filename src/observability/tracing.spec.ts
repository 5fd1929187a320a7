import { parseTraceContext, traceHeaders } from './tracing.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;

const passedOn = (headers: Record<string, string>) => {
  const trace = parseTraceContext(headers);
  return trace && traceHeaders(trace);
};

describe('traceparent', () => {
  it('is passed on as it came', () => {
    expect(passedOn({ traceparent: TRACEPARENT })).toEqual({ traceparent: TRACEPARENT });
  });

  it.each(['00', '01', '02', '03'])('keeps the flags %s', (flags) => {
    const traceparent = `00-${TRACE_ID}-${PARENT_ID}-${flags}`;
    expect(passedOn({ traceparent })).toEqual({ traceparent });
  });

  it('loses undefined flags', () => {
    const headers = passedOn({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-ff` });
    expect(headers).toEqual({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-03` });
  });

  it('of a later version is read as far as version 00 goes', () => {
    const headers = passedOn({ traceparent: `cc-${TRACE_ID}-${PARENT_ID}-01-what-the-future-is` });
    expect(headers).toEqual({ traceparent: TRACEPARENT });
  });

  it.each([
    ['nothing', ''],
    ['version ff', `ff-${TRACE_ID}-${PARENT_ID}-01`],
    ['version 00 with more', `${TRACEPARENT}-00`],
    ['a later version with an invalid tail', `cc-${TRACE_ID}-${PARENT_ID}-01.x`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['a parent id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['upper case', TRACEPARENT.toUpperCase()],
    ['a short trace id', `00-${TRACE_ID.slice(1)}-${PARENT_ID}-01`],
    ['two of them', `${TRACEPARENT}, ${TRACEPARENT}`],
    ['a line break', `${TRACEPARENT}\r\nCookie: x`],
    ['something else', 'TICKET_4bf92f3577b34da6a3ce929d0e0e4736'],
  ])('is ignored when it is %s', (_what, traceparent) => {
    expect(parseTraceContext({ traceparent, tracestate: 'a=1' })).toBeUndefined();
  });
});

describe('tracestate', () => {
  it.each([
    'congo=t61rcWkgMzE',
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    'rojo=1 , congo=2,',
    'fw529a3039@dt=FfAAAA;x',
    Array.from({ length: 32 }, (_, index) => `k${index}=v`).join(','),
  ])('is passed on as it came: %s', (tracestate) => {
    expect(passedOn({ traceparent: TRACEPARENT, tracestate })).toEqual({
      traceparent: TRACEPARENT,
      tracestate,
    });
  });

  it.each([
    ['not a list of pairs', 'password'],
    ['a key in upper case', 'Rojo=1'],
    ['a value with an equals sign', 'rojo=1=2'],
    ['not ASCII', 'rojo=é'],
    ['a control character', 'rojo=1\u0001'],
    ['too long', `rojo=${'x'.repeat(255)},congo=${'x'.repeat(256)}`],
    ['too many', Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(',')],
    ['empty', ''],
  ])('is left out, and the trace goes on, when it is %s', (_what, tracestate) => {
    expect(passedOn({ traceparent: TRACEPARENT, tracestate })).toEqual({
      traceparent: TRACEPARENT,
    });
  });

  it('is nothing without a traceparent', () => {
    expect(parseTraceContext({ tracestate: 'rojo=1' })).toBeUndefined();
  });
});
