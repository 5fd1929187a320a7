import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { dump } from 'js-yaml';
import { CHALLENGE, type Challenge } from '../auth/challenge.js';
import { ticketsPath } from '../auth/tickets/tickets-path.js';
import type { AppConfig } from '../config/app-config.js';
import { type HttpRequest, publicPathOf } from '../http/http-request.js';
import { DOCS_STYLE } from './swagger-ui-style.js';
import { createOpenApiDocument } from './openapi-document.js';

const FILES = [
  { name: 'openapi.json', type: 'application/json', serialize: JSON.stringify },
  {
    name: 'openapi.yaml',
    type: 'text/yaml',
    serialize: (document: OpenAPIObject) => dump(document, { skipInvalid: true, noRefs: true }),
  },
];

/** Paths in front of the service that its document is kept for; there is one for each proxy. */
const MAX_DOCUMENTS = 8;

/** Serves Swagger UI at `/docs` and the document as `/docs/openapi.json` and `/docs/openapi.yaml`. */
export function setUpDocs(app: INestApplication, config: AppConfig): void {
  const { apiPrefix, publicUrl } = config.http;
  const ticketChallenge =
    ticketsPath(config) === undefined ? undefined : app.get<Challenge>(CHALLENGE)({});
  const documents = new Map<string, OpenAPIObject>();
  /** For where the client of this request sees the service. */
  const documentFor = (request: HttpRequest): OpenAPIObject => {
    const server = publicUrl ?? (publicPathOf(request) || '/');
    let document = documents.get(server);
    if (!document) {
      document = createOpenApiDocument(app, { server, ticketChallenge });
      if (documents.size < MAX_DOCUMENTS) documents.set(server, document);
    }
    return document;
  };
  const http = app.getHttpAdapter();
  for (const { name, type, serialize } of FILES) {
    // One for all requests, where `@nestjs/swagger` writes one for each: 200 kB that a client may leave unread.
    const files = new WeakMap<OpenAPIObject, Buffer>();
    http.get(
      `${apiPrefix && `/${apiPrefix}`}/docs/${name}`,
      (request: HttpRequest, reply: FastifyReply) => {
        const document = documentFor(request);
        let file = files.get(document);
        if (!file) files.set(document, (file = Buffer.from(serialize(document))));
        return reply.type(type).send(file);
      },
    );
  }
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
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
    patchDocumentOnRequest: (request) => documentFor(request as HttpRequest),
  });
}
