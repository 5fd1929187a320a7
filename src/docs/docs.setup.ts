import { type INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { dump } from 'js-yaml';
import { DOCS_STYLE } from './docs.style.js';
import { createOpenApiDocument } from './openapi.document.js';

const FILES = [
  { name: 'openapi.json', type: 'application/json', serialize: JSON.stringify },
  {
    name: 'openapi.yaml',
    type: 'text/yaml',
    serialize: (document: OpenAPIObject) => dump(document, { skipInvalid: true, noRefs: true }),
  },
];

/**
 * Serves Swagger UI at `/docs` and the document as `/docs/openapi.json` and `/docs/openapi.yaml`.
 *
 * @param prefix before the paths of the API
 */
export function setUpDocs(app: INestApplication, prefix: string): void {
  let created: OpenAPIObject | undefined;
  const document = () => (created ??= createOpenApiDocument(app));
  for (const { name, type, serialize } of FILES) {
    // One for all requests, where `@nestjs/swagger` writes one for each: 200 kB that a client may leave unread.
    let file: Buffer | undefined;
    app
      .getHttpAdapter()
      .get(`/${prefix}/docs/${name}`.replace('//', '/'), (_: FastifyRequest, reply: FastifyReply) =>
        reply.type(type).send((file ??= Buffer.from(serialize(document())))),
      );
  }
  SwaggerModule.setup('docs', app, document, {
    useGlobalPrefix: true,
    raw: false,
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Alfresco downloads API',
    customCss: DOCS_STYLE,
    swaggerOptions: {
      displayRequestDuration: true,
      tryItOutEnabled: true,
      // Their names: who needs one opens it.
      defaultModelsExpandDepth: 0,
    },
  });
}
