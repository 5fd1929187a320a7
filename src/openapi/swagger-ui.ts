import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { dump } from 'js-yaml';
import { CHALLENGE, type Challenge } from '../auth/challenge.js';
import { ticketsPath } from '../auth/tickets/tickets-path.js';
import type { AppConfig } from '../config/app-config.js';
import { type HttpRequest, publicPathOf } from '../http/http-request.js';
import { BoundedMap } from '../store/bounded-map.js';
import { createOpenApiDocument } from './openapi-document.js';

const FILES = [
  { name: 'openapi.json', type: 'application/json', serialize: JSON.stringify },
  {
    name: 'openapi.yaml',
    type: 'text/yaml',
    serialize: (document: OpenAPIObject) => dump(document, { skipInvalid: true, noRefs: true }),
  },
];

/** On a phone the tables of Swagger UI would run out of the window, and its bar would show nothing but its name. */
const STYLE = `
.swagger-ui .topbar { display: none; }
.swagger-ui .body-param__text { min-height: 9rem; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 .5rem; }
  .swagger-ui .info { margin: 1.5rem 0; }
  .swagger-ui .scheme-container { padding: 1rem 0; }
  .swagger-ui .opblock-tag { flex-wrap: wrap; }
  .swagger-ui .opblock-tag small { flex-basis: 100%; order: 1; padding: 0; }
  .swagger-ui .opblock-tag .expand-operation { margin-left: auto; }
  .swagger-ui .opblock-summary-path { max-width: none; word-break: break-word; }
  .swagger-ui .opblock .opblock-section-header, .swagger-ui .opblock-description-wrapper,
  .swagger-ui .table-container, .swagger-ui .responses-inner { padding: .75rem; }
  .swagger-ui .opblock-body table, .swagger-ui .opblock-body tbody,
  .swagger-ui .opblock-body tr, .swagger-ui .opblock-body td { display: block; width: auto; min-width: 0; max-width: 100%; }
  .swagger-ui .opblock-body thead, .swagger-ui .response-col_links:not(:has(.response-control-media-type, .renderedMarkdown, pre, b)) { display: none; }
  .swagger-ui .opblock-body table.headers { padding-left: .75rem; }
  .swagger-ui .opblock-body table.headers td { padding: 0; }
  .swagger-ui .opblock-body table.headers tr { padding: .25rem 0; }
  .swagger-ui .opblock-body table tbody tr td { padding: .25rem 0; }
  .swagger-ui .responses-table .response-col_status { padding-top: 1rem; font-weight: bold; border-top: 1px solid #3b41514d; }
  .swagger-ui .parameters-col_description input[type=text], .swagger-ui .parameters-col_description select { max-width: none; width: 100%; }
  .swagger-ui .opblock-body pre { overflow-wrap: anywhere; }
  .swagger-ui .examples-select-element, .swagger-ui .content-type { max-width: 100%; }
  .swagger-ui .json-schema-2020-12, .swagger-ui .model-box { max-width: 100%; margin-inline: 0; overflow-wrap: anywhere; }
}
`;

/** Documents that are kept: one for each path in front of the service, of which each proxy may have one. */
const MAX_DOCUMENTS = 8;

/** Serves Swagger UI at `/docs` and the document as `/docs/openapi.json` and `/docs/openapi.yaml`. */
export function setUpDocs(app: INestApplication, config: AppConfig): void {
  const { apiPrefix, publicUrl } = config.http;
  const ticketChallenge =
    ticketsPath(config) === undefined ? undefined : app.get<Challenge>(CHALLENGE)({});
  const documents = new BoundedMap<string, OpenAPIObject>(MAX_DOCUMENTS);
  /** The document with the address at which the client of this request reaches the service. */
  const documentFor = (request: HttpRequest): OpenAPIObject => {
    const server = publicUrl ?? (publicPathOf(request) || '/');
    let document = documents.get(server);
    if (!document) {
      document = createOpenApiDocument(app, { server, ticketChallenge });
      documents.set(server, document);
    }
    return document;
  };
  const http = app.getHttpAdapter();
  for (const { name, type, serialize } of FILES) {
    // One for all requests: `@nestjs/swagger` would make 200 kB for each, which a client may leave unread.
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
    customCss: STYLE,
    swaggerOptions: {
      displayRequestDuration: true,
      tryItOutEnabled: true,
      // Only the names, as a list to open.
      defaultModelsExpandDepth: 0,
    },
    patchDocumentOnRequest: (request) => documentFor(request as HttpRequest),
  });
}
