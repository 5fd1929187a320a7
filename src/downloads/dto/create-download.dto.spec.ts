import 'reflect-metadata';
import { BodyValidationPipe } from '../../problems/body-validation.pipe.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { CreateDownloadDto } from './create-download.dto.js';

const UUID = 'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c';
const pipe = new BodyValidationPipe(CreateDownloadDto);

async function accept(body: unknown): Promise<unknown> {
  return pipe.transform(body);
}

async function refusal(body: unknown): Promise<ProblemException> {
  const thrown: unknown = await accept(body).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ProblemException)) throw new Error('the body was not refused');
  return thrown;
}

async function pointersOf(body: unknown): Promise<(string | undefined)[]> {
  const { errors = [] } = await refusal(body);
  return errors.map(({ pointer }) => pointer);
}

describe('the body of POST /downloads', () => {
  it.each([
    ['one UUID', [UUID]],
    ['several ids, in their order', [UUID, 'cffa62db-aa01-493d-9594-058bc058eeb1', 'a']],
    [
      'ids of Alfresco’s own nodes',
      ['rendering_actions_space', 'tag:tag-root', 'APP.DEFAULT', 'wf-email-html-ftl'],
    ],
    ['an id of 36 characters that is no UUID', ['GROUP_ALFRESCO_SYSTEM_ADMINISTRATORS']],
    ['ids that differ in case and are no UUIDs', ['APP.DEFAULT', 'app.default']],
  ])('may hold %s', async (_what, nodeIds) => {
    const dto = await accept({ nodeIds });
    expect(dto).toBeInstanceOf(CreateDownloadDto);
    expect(dto).toEqual({ nodeIds });
  });

  it('has its UUIDs brought to lower case, and nothing else', async () => {
    await expect(accept({ nodeIds: [UUID.toUpperCase(), 'APP.DEFAULT'] })).resolves.toEqual({
      nodeIds: [UUID, 'APP.DEFAULT'],
    });
  });

  it.each([
    ['lacks nodeIds', {}],
    ['has null for nodeIds', { nodeIds: null }],
    ['has a bare id for nodeIds', { nodeIds: UUID }],
    ['has an object for nodeIds', { nodeIds: { 0: UUID, length: 1 } }],
    ['has a number for nodeIds', { nodeIds: 1 }],
    ['has an empty list', { nodeIds: [] }],
  ])('is refused at /nodeIds when it %s', async (_what, body) => {
    const problem = await refusal(body);
    expect(problem).toMatchObject({ code: 'VALIDATION_FAILED', status: 400 });
    expect(problem.errors).toEqual([{ pointer: '/nodeIds', detail: expect.any(String) }]);
  });

  it.each([{}, { nodeIds: UUID }])('says that it needs an array: %j', async (body) => {
    const { errors } = await refusal(body);
    expect(errors).toEqual([{ pointer: '/nodeIds', detail: expect.stringContaining('array') }]);
  });

  it('is told one thing about an id that is wrong and repeated', async () => {
    await expect(pointersOf({ nodeIds: ['x/y', 'x/y'] })).resolves.toEqual([
      '/nodeIds/0',
      '/nodeIds/1',
    ]);
  });

  it('says that an empty list needs an id', async () => {
    const { errors } = await refusal({ nodeIds: [] });
    expect(errors).toEqual([
      { pointer: '/nodeIds', detail: expect.stringContaining('at least one') },
    ]);
  });

  it.each([
    ['a number', 1],
    ['null', null],
    ['an object', { id: UUID }],
    ['a list', [UUID]],
    ['a boolean', true],
    ['an empty id', ''],
    ['a blank', ' '],
    ['an id with blanks around', ` ${UUID} `],
    ['an id with a line break behind', `${UUID}\n`],
    ['an id of 37 characters', 'a'.repeat(37)],
    ['the parent folder', '..'],
    ['a path', 'a/b'],
    ['an encoded path', 'a%2Fb'],
    ['an id with a version, which Alfresco would cut off', 'a;1.0'],
    ['letters beyond ASCII', 'é'],
  ])('is refused for %s among its ids, and says which', async (_what, item) => {
    const { code, errors } = await refusal({ nodeIds: [UUID, item] });
    expect(code).toBe('VALIDATION_FAILED');
    expect(errors).toEqual([
      {
        pointer: '/nodeIds/1',
        detail: expect.stringContaining('1 to 36 characters of [A-Za-z0-9._:-]'),
      },
    ]);
  });

  it('is refused with a pointer to each wrong id', async () => {
    await expect(pointersOf({ nodeIds: ['a/b', UUID, 7, ''] })).resolves.toEqual([
      '/nodeIds/0',
      '/nodeIds/2',
      '/nodeIds/3',
    ]);
  });

  it.each([
    ['an id given twice', ['a', 'b', 'a'], ['/nodeIds/2']],
    ['an id given three times', ['a', 'a', 'a'], ['/nodeIds/1', '/nodeIds/2']],
    ['a UUID given in two cases', [UUID, UUID.toUpperCase()], ['/nodeIds/1']],
  ])('is refused for %s, at the duplicate', async (_what, nodeIds, pointers) => {
    const { code, errors } = await refusal({ nodeIds });
    expect(code).toBe('VALIDATION_FAILED');
    expect(errors!.map(({ pointer }) => pointer)).toEqual(pointers);
    for (const { detail } of errors!) expect(detail).toContain('repeats');
  });

  it('is refused for wrong and repeated ids at once', async () => {
    const pointers = await pointersOf({ nodeIds: ['a', 'x/y', 'a'] });
    expect(pointers).toHaveLength(2);
    expect(new Set(pointers)).toEqual(new Set(['/nodeIds/1', '/nodeIds/2']));
  });

  it.each([
    ['a member of Alfresco’s entity', 'status', '/status'],
    ['the member in another case', 'NodeIds', '/NodeIds'],
    ['a name that a JSON pointer has to escape', 'a/b~c', '/a~1b~0c'],
  ])('is refused for an unknown member: %s', async (_what, name, pointer) => {
    await expect(pointersOf({ nodeIds: [UUID], [name]: 'x' })).resolves.toEqual([pointer]);
  });

  it('is refused for an unknown member and a wrong id at once', async () => {
    const pointers = await pointersOf({ nodeIds: [''], foo: 1 });
    expect(pointers).toHaveLength(2);
    expect(new Set(pointers)).toEqual(new Set(['/foo', '/nodeIds/0']));
  });

  it.each([
    ['a list', [UUID]],
    ['an empty list', []],
    ['null', null],
    ['absent', undefined],
    ['a text', 'nodeIds'],
    ['a number', 1],
    ['a boolean', true],
  ])('is refused as a whole when it is %s', async (_what, body) => {
    const { code, errors } = await refusal(body);
    expect(code).toBe('VALIDATION_FAILED');
    expect(errors).toEqual([{ pointer: '', detail: 'must be a JSON object' }]);
  });

  it('never repeats a wrong value to the caller', async () => {
    const problem = await refusal({ nodeIds: ['<script>alert(1)</script>'] });
    expect(JSON.stringify([problem.detail, problem.errors])).not.toContain('script');
  });
});
