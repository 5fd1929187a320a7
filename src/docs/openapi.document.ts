import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from '../problems/problem.catalogue.js';
import { problemExample } from './api-problems.decorator.js';
import { VERSION } from '../version.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const PROBLEM = 'application/problem+json';

const DESCRIPTION = `
Ask Alfresco Content Services for a ZIP of nodes, watch it being made, save it, cancel it, remove it.
JSON bodies have the shapes of Alfresco's own REST API; the credentials for Alfresco stay in this service.

Every error is a problem document (RFC 9457) with a stable \`code\`, and carries Alfresco's own \`error\` member
for clients that were written for Alfresco.
`.trim();

/** The OpenAPI document of the service. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Alfresco downloads')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'A user of this service, not of Alfresco.' },
      'basic',
    )
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description:
          'A token of the OpenID provider that the service trusts, if it is set up for one.',
      },
      'bearer',
    )
    .addTag('downloads', 'Make, watch, save and cancel a ZIP.')
    .addTag('nodes', 'The same ZIP under the paths that Alfresco’s clients use.')
    .addTag('health', 'Probes for an orchestrator.')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  shareExamples(document);
  for (const operation of operationsOf(document)) {
    // Of the service, not of the API: an application that embeds it has its own ways to log in.
    if (!operation.tags?.includes('health')) operation.security = [{ bearer: [] }, { basic: [] }];
  }
  return document;
}

/** Puts the example of each problem into the components, where every operation that can answer with it finds it. */
function shareExamples(document: OpenAPIObject): void {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  const examples = Object.fromEntries(codes.map((code) => [code, problemExample(code)]));
  document.components = { ...document.components, examples };
  const problems = operationsOf(document)
    .flatMap(({ responses }) => Object.values(responses ?? {}))
    .flatMap(
      (response) => (response && 'content' in response && response.content?.[PROBLEM]) || [],
    );
  for (const problem of problems) {
    problem.examples = Object.fromEntries(
      Object.keys(problem.examples ?? {}).map((code) => [
        code,
        { $ref: `#/components/examples/${code}` },
      ]),
    );
  }
}

function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.values(paths).flatMap((path) => Object.values(path) as Operation[]);
}
