import { readFile } from 'node:fs/promises';
import type { OpenAPIObject } from '@nestjs/swagger';
import { load } from 'js-yaml';
import request from 'supertest';
import { PROBLEMS } from '../dist/problems/problem.catalogue.js';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { AS_ALICE, type Bff, startBff } from './harness/bff.js';

let sandbox: Sandbox;
let bff: Bff;
let document: OpenAPIObject;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url);
  document = (await request(bff.url).get('/docs/openapi.json').expect(200)).body as OpenAPIObject;
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

interface ProblemResponse {
  content: { 'application/problem+json': { examples: Record<string, { $ref: string }> } };
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

describe('the OpenAPI document', () => {
  it('is the committed openapi.json (else: npm run openapi)', async () => {
    expect(document).toEqual(JSON.parse(await readFile('openapi.json', 'utf8')));
  });

  it('is the same as YAML', async () => {
    const { text } = await request(bff.url).get('/docs/openapi.yaml').expect(200);
    expect(load(text)).toEqual(document);
  });

  it('has every route of the service and no other', () => {
    expect(
      operations()
        .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
        .toSorted(),
    ).toEqual([
      'DELETE /downloads/{id}',
      'DELETE /nodes/{id}',
      'GET /downloads',
      'GET /downloads/{id}',
      'GET /downloads/{id}/content',
      'GET /downloads/{id}/events',
      'GET /health/live',
      'GET /health/ready',
      'GET /nodes/{id}/content',
      'HEAD /downloads/{id}/content',
      'HEAD /nodes/{id}/content',
      'POST /downloads',
      'POST /downloads/{id}/request-direct-access-url',
    ]);
  });

  it('describes each operation, under a name of its own', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations()) {
      expect(operation.summary).toMatch(/\S/);
      expect(operation.description).toMatch(/\S/);
      expect(operation.tags).toHaveLength(1);
    }
  });

  it('refers, for each problem of a status, to an example that the service could send', () => {
    const examples = document.components?.examples as Record<string, { value: object }>;
    const referred = operations().flatMap(({ operation }) =>
      Object.entries<ProblemResponse>(operation.responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([status, { content }]) =>
          Object.entries(content['application/problem+json'].examples).map(([code, { $ref }]) => {
            expect($ref).toBe(`#/components/examples/${code}`);
            expect(examples[code]!.value).toMatchObject({ code, status: Number(status) });
            return code;
          }),
        ),
    );
    expect(Object.keys(examples)).toEqual(Object.keys(PROBLEMS));
    expect(new Set(referred).size).toBeGreaterThan(20);
  });
});

describe('Swagger UI', () => {
  it('is served from here, without a file from elsewhere', async () => {
    const { text } = await request(bff.url).get('/docs').expect(200);
    const references = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, reference]) => reference!,
    );
    expect(references.length).toBeGreaterThan(3);
    for (const reference of references) {
      const { pathname, origin } = new URL(reference, `${bff.url}/docs`);
      expect(origin).toBe(bff.url);
      await request(bff.url).get(pathname).expect(200);
    }
  });

  it('needs no user to be read, and shows none of the configuration', async () => {
    const { text } = await request(bff.url).get('/docs/swagger-ui-init.js').expect(200);
    expect(text).not.toContain(sandbox.url);
    await request(bff.url).get('/downloads/x').expect(401);
    await request(bff.url).get('/downloads/x').set(AS_ALICE).expect(404);
  });
});
