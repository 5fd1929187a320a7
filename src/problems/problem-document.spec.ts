import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { PROBLEMS, PROBLEM_CODES, type ProblemCode } from './problem-catalogue.js';
import { codeNamed, problemPages, problemType, toProblemDocument } from './problem-document.js';
import { ProblemException } from './problem.exception.js';

const request = { url: '/downloads/5b6a', id: 'req-1' };

describe('a problem document', () => {
  it('says everything twice: as RFC 9457 wants it, and as clients of Alfresco read it', () => {
    const problem = new ProblemException('DOWNLOAD_NOT_FOUND', { detail: 'It is gone.' });
    const type = '/problems/download-not-found';
    const document = toProblemDocument(problem, request);
    expect(document).toEqual({
      type,
      title: 'There is no such download',
      status: 404,
      detail: 'It is gone.',
      instance: '/downloads/5b6a',
      code: 'DOWNLOAD_NOT_FOUND',
      requestId: 'req-1',
      error: {
        errorKey: 'DOWNLOAD_NOT_FOUND',
        statusCode: 404,
        briefSummary: 'It is gone.',
        stackTrace: '',
        descriptionURL: type,
        logId: 'req-1',
      },
    });
  });

  it('names each invalid value', () => {
    const errors = [
      { pointer: '/nodeIds/3', detail: 'repeats an earlier id' },
      { parameter: 'id', detail: 'is too long' },
    ];
    const problem = new ProblemException('VALIDATION_FAILED', { errors });
    expect(toProblemDocument(problem, request).errors).toEqual(errors);
  });

  it('has no list of invalid values when there are none', () => {
    const document = toProblemDocument(new ProblemException('INTERNAL_ERROR'), request);
    expect(document).not.toHaveProperty('errors');
  });

  it('keeps its title when the occurrence has a text of its own', () => {
    const { title, detail } = toProblemDocument(
      new ProblemException('VALIDATION_FAILED', { detail: 'nodeIds is empty' }),
      request,
    );
    expect(detail).toBe('nodeIds is empty');
    expect(title).toBe('The request is not valid');
  });

  it('carries the members that an occurrence adds', () => {
    const problem = new ProblemException('CONTENT_NOT_READY', {
      extensions: { downloadStatus: 'PENDING' },
    });
    expect(toProblemDocument(problem, request)).toMatchObject({ downloadStatus: 'PENDING' });
  });

  it('does not show what is meant for the log', () => {
    const problem = new ProblemException('ALFRESCO_ERROR', { diagnosis: 'Alfresco status 507' });
    expect(JSON.stringify(toProblemDocument(problem, request))).not.toContain('507');
  });

  it.each([
    ['/downloads?token=secret', '/downloads'],
    ['/downloads/a?x=1?y=2', '/downloads/a'],
    ['/downloads#part', '/downloads'],
    ['/downloads?a\nb', '/downloads'],
    ['/downloads', '/downloads'],
    ['', ''],
  ])('names the path of %j without its query', (url, instance) => {
    const problem = new ProblemException('ROUTE_NOT_FOUND');
    expect(toProblemDocument(problem, { url, id: 'r' }).instance).toBe(instance);
  });

  it('does not change the exception it is made of', () => {
    const problem = new ProblemException('VALIDATION_FAILED', {
      errors: [{ pointer: '', detail: 'must be a JSON object' }],
    });
    toProblemDocument(problem, request).errors!.length = 0;
    expect(problem.errors).toHaveLength(1);
  });
});

describe('the catalogue of problems', () => {
  it('gives each code a type of its own, which leads to the pages from every request', () => {
    const types = PROBLEM_CODES.map((code) => problemType(code));
    expect(new Set(types).size).toBe(PROBLEM_CODES.length);
    for (const type of types) {
      const address = new URL(type, 'https://bff.example.com/downloads/5b6a/content?link=x');
      expect(address.href).toBe(`https://bff.example.com${type}`);
      expect(type).toMatch(/^\/problems\/[a-z-]+$/);
    }
  });

  it('keeps types under the prefix of the API', () => {
    const type = problemType('NODE_NOT_FOUND', problemPages('api/v1'));
    expect(type).toBe('/api/v1/problems/node-not-found');
    expect(
      toProblemDocument(new ProblemException('NODE_NOT_FOUND'), request, problemPages('api/v1')),
    ).toMatchObject({ type, error: { descriptionURL: type } });
  });

  it('finds each code by its name and by the end of its type', () => {
    for (const code of PROBLEM_CODES) {
      expect(codeNamed(code)).toBe(code);
      expect(codeNamed(problemType(code).split('/').at(-1)!)).toBe(code);
    }
  });

  it.each(['', 'nope', 'constructor', '__proto__', 'Download-Not-Found', 'DOWNLOAD-NOT-FOUND'])(
    'knows no code %j',
    (name) => {
      expect(codeNamed(name)).toBeUndefined();
    },
  );

  it('says of each code what it means, in plain text', () => {
    for (const { description } of Object.values(PROBLEMS)) {
      expect(description).toMatch(/^["A-Z].*\.$/);
      expect(description).not.toContain('`');
    }
  });

  it.each<[ProblemCode, number]>([
    ['VALIDATION_FAILED', 400],
    ['MALFORMED_BODY', 400],
    ['INVALID_ID', 400],
    ['NOT_A_DOWNLOAD', 400],
    ['UNAUTHENTICATED', 401],
    ['FORBIDDEN', 403],
    ['NODE_FORBIDDEN', 403],
    ['DOWNLOAD_NOT_FOUND', 404],
    ['NODE_NOT_FOUND', 404],
    ['ROUTE_NOT_FOUND', 404],
    ['METHOD_NOT_ALLOWED', 405],
    ['CONTENT_NOT_READY', 409],
    ['CONTENT_ARCHIVED', 412],
    ['BODY_TOO_LARGE', 413],
    ['TOO_MANY_NODES', 413],
    ['UNSUPPORTED_MEDIA_TYPE', 415],
    ['RANGE_NOT_SATISFIABLE', 416],
    ['NODE_NOT_ZIPPABLE', 422],
    ['INTERNAL_ERROR', 500],
    ['ALFRESCO_ERROR', 502],
    ['ALFRESCO_BAD_RESPONSE', 502],
    ['ALFRESCO_CREDENTIALS_REJECTED', 502],
    ['ALFRESCO_UNREACHABLE', 502],
    ['ALFRESCO_UNAVAILABLE', 503],
    ['ALFRESCO_TIMEOUT', 504],
  ])('gives %s the status %i', (code, status) => {
    expect(toProblemDocument(new ProblemException(code), request)).toMatchObject({
      code,
      status,
      error: { errorKey: code, statusCode: status },
    });
  });
});

describe('any problem', () => {
  it('is what the OpenAPI document says of problem documents', async () => {
    const openapi = JSON.parse(await readFile('openapi.json', 'utf8')) as object;
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema(openapi, 'openapi');
    const isValid = ajv.getSchema('openapi#/components/schemas/ProblemDocument')!;
    const text = fc.string({ unit: 'binary' });
    const problems = fc.record({
      code: fc.constantFrom(...(Object.keys(PROBLEMS) as ProblemCode[])),
      detail: fc.option(text, { nil: undefined }),
      errors: fc.option(fc.array(fc.record({ pointer: text, detail: text })), { nil: undefined }),
    });
    fc.assert(
      fc.property(problems, text, ({ code, ...options }, url) => {
        const problem = new ProblemException(code, options);
        const sent = JSON.parse(
          JSON.stringify(toProblemDocument(problem, { url, id: 'r' })),
        ) as object;
        expect(isValid(sent), JSON.stringify(isValid.errors)).toBe(true);
        expect(sent).toMatchObject({ code, status: PROBLEMS[code].status });
      }),
    );
  });
});
