import { readFile } from 'node:fs/promises';
import type { OpenAPIObject } from '@nestjs/swagger';
import spectral, { type RulesetDefinition } from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import { load } from 'js-yaml';
import request from 'supertest';
import { PROBLEMS } from '#service/problems/problem-catalogue.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { IdentityProvider } from '../../demo/identity-provider.ts';
import { type Bff, startBff } from '../harness/bff.js';
import { EVERY_SCHEME } from '../harness/every-scheme.js';
import { configured } from '../harness/fixtures.js';

const it = configured({ variables: EVERY_SCHEME });

let document: OpenAPIObject;

const documentOf = async ({ url }: Bff) =>
  (await request(url).get('/docs/openapi.json').expect(200)).body as OpenAPIObject;

it.beforeAll(async ({ bff }) => {
  document = await documentOf(bff);
});

interface DescribedResponse {
  headers?: Record<string, object>;
  content?: Record<
    string,
    { schema?: object; example?: unknown; examples?: Record<string, { $ref: string }> }
  >;
  links?: Record<string, { operationId: string; parameters: object }>;
}

interface SchemaOfCodes {
  readonly enum: readonly string[];
  readonly description: string;
  readonly 'x-enum-descriptions': readonly string[];
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

describe('the OpenAPI document', () => {
  it('is the committed openapi.json (else: npm run openapi)', async () => {
    const committed = JSON.parse(await readFile('openapi.json', 'utf8')) as OpenAPIObject;
    expect(committed.servers?.map(({ url }) => url)).toEqual(['/']);
    expect({ ...document, servers: committed.servers }).toEqual(committed);
  });

  it('is the same as YAML', async ({ bff }) => {
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
      'GET /auth/callback',
      'GET /auth/login',
      'GET /auth/session',
      'GET /downloads',
      'GET /downloads/{id}',
      'GET /downloads/{id}/content',
      'GET /downloads/{id}/events',
      'GET /health/live',
      'GET /health/ready',
      'GET /nodes/{id}',
      'GET /nodes/{id}/content',
      'GET /problems',
      'GET /problems/{code}',
      'HEAD /downloads/{id}/content',
      'HEAD /nodes/{id}/content',
      'POST /auth/backchannel-logout',
      'POST /auth/logout',
      'POST /downloads',
      'POST /downloads/content',
      'POST /downloads/{id}/request-direct-access-url',
    ]);
  });

  it('describes each operation, under a unique name', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations()) {
      expect(operation.summary).toMatch(/\S/);
      expect(operation.description).toMatch(/\S/);
      expect(operation.tags).toHaveLength(1);
    }
  });

  it('has one success type for each operation, apart from 304 and 206', () => {
    for (const { path, method, operation } of operations()) {
      // For people and for programs, depending on Accept.
      if (operation.tags.includes('problems')) continue;
      const bodies = Object.entries<DescribedResponse>(operation.responses)
        .filter(([status, { content }]) => Number(status) < 300 && content)
        .flatMap(([, { content }]) => Object.entries(content!));
      const types = bodies.map(([type, { schema }]) => `${type} ${JSON.stringify(schema)}`);
      expect(new Set(types).size, `${method} ${path}`).toBeLessThanOrEqual(1);
    }
    const { responses } = document.paths['/downloads']!.post!;
    expect(Object.keys(responses).filter((status) => Number(status) < 400)).toEqual(['202']);
    expect(document.paths['/downloads/content']!.post!.responses['200']).toMatchObject({
      content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
    });
  });

  it('names the schema of each JSON response, and of an event', () => {
    for (const { path, method, operation } of operations()) {
      for (const { content } of Object.values<DescribedResponse>(operation.responses)) {
        for (const [type, { schema }] of Object.entries(content ?? {})) {
          const isNamed = type.endsWith('json') || type === 'text/event-stream';
          if (isNamed) expect(schema, `${method} ${path}`).toHaveProperty('$ref');
        }
      }
    }
    const { content } = document.paths['/downloads/{id}/events']!.get!.responses[
      '200'
    ] as DescribedResponse;
    expect(content!['text/event-stream']!.schema).toEqual({
      $ref: '#/components/schemas/DownloadEvent',
    });
    expect(document.components!.schemas!.DownloadEvent).toMatchObject({
      type: 'object',
      required: ['id', 'event', 'data'],
    });
  });

  it('has nothing from which generators derive a wrong type', () => {
    expect(JSON.stringify(document)).not.toContain('uniqueItems');
    const flags = operations().flatMap(({ operation }) =>
      ((operation.parameters ?? []) as { name: string; schema: object }[]).filter(({ name }) =>
        ['purge', 'attachment'].includes(name),
      ),
    );
    expect(flags).toHaveLength(5);
    for (const { schema } of flags) expect(schema).toMatchObject({ type: 'boolean' });
  });

  it('closes each body to members that the service rejects', async ({ api }) => {
    const bodies = operations().flatMap(({ operation }) =>
      Object.entries((operation.requestBody?.content ?? {}) as Record<string, object>)
        .filter(([type]) => type === 'application/json')
        .map(([, body]) => body),
    ) as { schema: { $ref: string } }[];
    const names = bodies.map(({ schema }) => schema.$ref.split('/').at(-1)!);
    expect(new Set(names)).toEqual(new Set(['DownloadBodyCreate', 'DirectAccessUrlBodyCreate']));
    for (const name of names) {
      expect(document.components!.schemas![name]).toHaveProperty('additionalProperties', false);
    }
    const body = JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile], other: 1 });
    const headers = { 'content-type': 'application/json' };
    expect((await api.request('POST', '/downloads', { body, headers })).status).toBe(400);
  });

  it.for([
    'a',
    'a-b_c',
    '"a b"',
    '"a \\" b"',
    '"a',
    'a b',
    '""',
    'kQ7'.repeat(85),
    `${'kQ7'.repeat(85)}x`,
  ])(
    'has a pattern for the Idempotency-Key that matches what the service accepts: %s',
    async (key, { api }) => {
      const { parameters } = document.paths['/downloads']!.post!;
      const header = parameters!.find((one) => 'name' in one && one.name === 'Idempotency-Key');
      const { pattern } = (header as { schema: { pattern: string } }).schema;
      const { status } = await api.request('POST', '/downloads', {
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      });
      expect(status).toBe(new RegExp(pattern).test(key) ? 202 : 400);
    },
  );

  it('has no pattern with a quotation mark, which openapi-generator cannot write in Python', () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      ([, pattern]) => JSON.parse(pattern!) as string,
    );
    expect(patterns.length).toBeGreaterThan(1);
    expect(patterns.filter((pattern) => pattern.includes('"'))).toEqual([]);
  });

  it('breaks none of the recommended rules of Spectral', { timeout: 60_000 }, async () => {
    const linter = new spectral.Spectral();
    // The type inferred from its export is narrower than that of a rule set.
    const oas = rulesets.oas as object as RulesetDefinition;
    linter.setRuleset({ extends: [[oas, 'recommended']] });
    const found = await linter.run(JSON.stringify(document));
    expect(found.map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`)).toEqual(
      [],
    );
  });

  it('gives the headers of each response and, where it has a body, a schema and an example', () => {
    for (const { path, method, operation } of operations()) {
      for (const [status, response] of Object.entries<DescribedResponse>(operation.responses)) {
        const what = `${method} ${path} ${status}`;
        expect(response.headers, what).toHaveProperty('X-Request-Id');
        const hasBody =
          method !== 'head' &&
          !['202', '204', '303', '304'].includes(status) &&
          !(path === '/auth/backchannel-logout' && status === '200');
        if (hasBody) expect(response.content, what).toBeDefined();
        if (method === 'head') expect(response.content, what).toBeUndefined();
        for (const { schema, ...examples } of Object.values(response.content ?? {})) {
          expect(schema, what).toBeDefined();
          expect(examples.example ?? examples.examples, what).toBeDefined();
        }
      }
    }
  });

  it('names the cache and download headers that GET responds with', async ({ api, bff, user }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    for (const { path, method, operation } of operations()) {
      // Without a provider, log-ins only fail.
      if (method !== 'get' || operation.tags.includes('auth')) continue;
      const target = path.replace('{id}', id).replace('{code}', 'forbidden');
      const { status, headers } = await request(bff.url).get(target).set(user.headers);
      const described = operation.responses[status].headers as object;
      for (const name of ['cache-control', 'etag', 'content-disposition', 'last-modified']) {
        const isDescribed = Object.keys(described).some((one) => one.toLowerCase() === name);
        if (name in headers) expect(isDescribed, `${target} ${name}`).toBe(true);
      }
    }
  });

  it('refers, for each problem of a status, to an example that the service could send', () => {
    const examples = document.components?.examples as Record<string, { value: object }>;
    const referred = operations().flatMap(({ operation }) =>
      Object.entries<DescribedResponse>(operation.responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([status, { content }]) =>
          Object.entries(content?.['application/problem+json']?.examples ?? {}).map(
            ([code, { $ref }]) => {
              expect($ref).toBe(`#/components/examples/${code}`);
              expect(examples[code]!.value).toMatchObject({ code, status: Number(status) });
              return code;
            },
          ),
        ),
    );
    // A method that is not allowed is not an operation.
    const sent = Object.keys(PROBLEMS).filter((code) => code !== 'METHOD_NOT_ALLOWED');
    expect([...new Set(referred)].toSorted()).toEqual(sent.toSorted());
    expect(Object.keys(examples)).toEqual(sent);
  });

  it('explains each error code, and links to more', () => {
    const schema = document.components?.schemas?.ProblemCode as object as SchemaOfCodes;
    expect(schema.enum).toEqual(Object.keys(PROBLEMS));
    const descriptions = Object.values(PROBLEMS).map(({ description }) => description);
    expect(schema['x-enum-descriptions']).toEqual(descriptions);
    for (const [code, { description }] of Object.entries(PROBLEMS)) {
      const page = `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
      expect(schema.description).toContain(`[\`${code}\`](${page})`);
      expect(schema.description).toContain(description);
    }
  });

  it('links from the response to POST to everything that can be done with the download', () => {
    const { links } = document.paths['/downloads']!.post!.responses[
      '202'
    ] as Required<DescribedResponse>;
    const named = operations().map(({ operation }) => operation.operationId);
    for (const { operationId, parameters } of Object.values(links)) {
      expect(named).toContain(operationId);
      expect(parameters).toEqual({ id: '$response.body#/entry/id' });
    }
    expect(Object.keys(links)).toEqual(
      expect.arrayContaining(['getDownload', 'watchDownload', 'getDownloadContent']),
    );
  });

  it('explains how to log in, the server, and the groups of routes', () => {
    expect(Object.keys(document.components!.securitySchemes!).toSorted()).toEqual([
      'basic',
      'bearer',
      'link',
      'session',
    ]);
    expect(document.components!.securitySchemes!.session).toMatchObject({
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-alfresco-downloads',
    });
    expect(document.servers?.map(({ url }) => url)).toEqual([EVERY_SCHEME.PUBLIC_URL]);
    const described = document.tags?.filter(({ description }) => description);
    const used = operations().map(({ operation }) => operation.tags[0] as string);
    expect(described?.map(({ name }) => name).toSorted()).toEqual([...new Set(used)].toSorted());
  });
});

/** The ways to log in that a document describes, and those of a route. */
function schemesOf({ components, paths }: OpenAPIObject) {
  const required = paths['/downloads']!.get!.security!.flatMap((one) => Object.keys(one));
  return { described: Object.keys(components!.securitySchemes!), required };
}

describe('the OpenAPI document of a service', () => {
  it.for([
    ['none', []],
    ['basic', ['basic']],
    ['bearer', ['bearer']],
    ['bearer,session', ['session', 'bearer']],
  ] as const)(
    'has the ways to log in that AUTH=%s accepts, and only those',
    async ([auth, accepted], { sandbox }) => {
      await using running = await serviceWith(sandbox.url, { ...EVERY_SCHEME, AUTH: auth });
      const served = await documentOf(running.bff);
      expect(schemesOf(served)).toEqual({ described: ['link', ...accepted], required: accepted });
      const hasLogin = auth.includes('session');
      expect('/auth/login' in served.paths).toBe(hasLogin);
      expect(served.tags!.some(({ name }) => name === 'auth')).toBe(hasLogin);
    },
  );

  it('has the endpoints of the provider, as soon as it is there', async ({ sandbox }) => {
    const provider = await IdentityProvider.start({ users: [], clients: [] });
    onTestFinished(() => provider.close());
    const variables = { ...EVERY_SCHEME, AUTH: 'bearer', OIDC_ISSUER: provider.issuer };
    await using running = await serviceWith(sandbox.url, variables);
    const served = await documentOf(running.bff);
    expect(served.components!.securitySchemes!.oauth2).toMatchObject({
      type: 'oauth2',
      flows: {
        authorizationCode: {
          authorizationUrl: `${provider.issuer}/auth`,
          tokenUrl: `${provider.issuer}/token`,
        },
      },
    });
    expect(schemesOf(served).required).toEqual(['oauth2', 'bearer']);
  });

  it('leaves the routes of log-ins at the root when the API has a prefix', async ({ sandbox }) => {
    const variables = { ...EVERY_SCHEME, API_PREFIX: 'zips' };
    await using running = await serviceWith(sandbox.url, variables);
    const { body } = await request(running.bff.url).get('/zips/docs/openapi.json').expect(200);
    const paths = Object.keys((body as OpenAPIObject).paths);
    expect(paths).toEqual(expect.arrayContaining(['/auth/session', '/zips/downloads']));
  });
});

async function serviceWith(alfrescoUrl: string, variables: Record<string, string>) {
  const bff = await startBff(alfrescoUrl, variables);
  return { bff, [Symbol.asyncDispose]: () => bff.close() };
}

describe('Swagger UI', () => {
  it('is served by the service, without a file from elsewhere', async ({ bff }) => {
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

  it('can be read without a user, and shows none of the configuration', async ({
    bff,
    sandbox,
    user,
  }) => {
    const { text } = await request(bff.url).get('/docs/swagger-ui-init.js').expect(200);
    expect(text).not.toContain(sandbox.url);
    await request(bff.url).get('/downloads/x').expect(401);
    await request(bff.url).get('/downloads/x').set(user.headers).expect(404);
  });
});
