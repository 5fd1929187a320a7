import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { dump } from 'js-yaml';
import { ticketsPath } from '../auth/tickets/tickets-path.js';
import type { AppConfig } from '../config/app-config.js';
import { contentSecurityPolicy } from '../http/http-reply.js';
import { type HttpRequest, acceptedType, publicPathOf } from '../http/http-request.js';
import { CHALLENGE, type Challenge } from '../problems/problem.filter.js';
import { ProblemException } from '../problems/problem.exception.js';
import { BoundedMap } from '../store/bounded-map.js';
import { createOpenApiDocument } from './openapi-document.js';
import { ProviderEndpointsFinder } from './provider-endpoints.js';
import { SCRIPTS, sessionScripts } from './swagger-ui-scripts.js';

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
.who { max-width: 1460px; margin: 0 auto; padding: .75rem 20px; font: 1rem/1.5 sans-serif; color: #3b4151; }
.who button { font: inherit; }
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
  const { schemes, oidc, session } = config.auth;
  const ticketChallenge =
    ticketsPath(config) === undefined ? undefined : app.get<Challenge>(CHALLENGE)({});
  const endpoints = oidc && new ProviderEndpointsFinder(oidc.issuer, config.pacing.auth);
  const documents = new BoundedMap<string, OpenAPIObject>(MAX_DOCUMENTS);
  /** The document with the address at which the client of this request reaches the service. */
  const documentFor = async (request: HttpRequest): Promise<OpenAPIObject> => {
    const server = publicUrl ?? (publicPathOf(request) || '/');
    const provider = await endpoints?.find();
    const key = `${provider ? 'with' : 'without'} provider at ${server}`;
    let document = documents.get(key);
    if (!document) {
      document = createOpenApiDocument(app, { server, schemes, provider, ticketChallenge });
      documents.set(key, document);
    }
    return document;
  };
  const http = app.getHttpAdapter();
  const fastify = http.getInstance() as FastifyInstance;
  const folder = `${apiPrefix && `/${apiPrefix}`}/docs`;
  leadToDocs(fastify, folder);
  if (endpoints) allowProvider(fastify, folder, endpoints);
  for (const { name, type, serialize } of FILES) {
    // One for all requests: `@nestjs/swagger` would make 200 kB for each, which a client may leave unread.
    const files = new WeakMap<OpenAPIObject, Buffer>();
    http.get(`${folder}/${name}`, async (request: HttpRequest, reply: FastifyReply) => {
      const document = await documentFor(request);
      let file = files.get(document);
      if (!file) files.set(document, (file = Buffer.from(serialize(document))));
      return reply.type(type).send(file);
    });
  }
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app, { schemes }), {
    useGlobalPrefix: true,
    raw: false,
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Alfresco downloads API',
    customCss: STYLE,
    swaggerOptions: {
      displayRequestDuration: true,
      tryItOutEnabled: true,
      ...SCRIPTS,
      ...(session &&
        sessionScripts(`${new URL(session.publicUrl).pathname.replace(/\/$/, '')}/auth`)),
      initOAuth: { usePkceWithAuthorizationCodeGrant: true, scopes: ['openid', 'profile'] },
      // Only the names, as a list to open.
      defaultModelsExpandDepth: 0,
    },
    patchDocumentOnRequest: (request) => documentFor(request as HttpRequest),
  });
}

/**
 * From the address of the service itself, where browsers are after a log-out, and from `/health`, which people try. Unless something
 * else is there, which is known at the start only: the demo adds its page to an application that is built.
 */
function leadToDocs(root: FastifyInstance, folder: string): void {
  void root.register(async (fastify) => {
    for (const url of ['/', '/health']) {
      if (fastify.hasRoute({ method: 'GET', url })) continue;
      fastify.get(url, async (request: HttpRequest, reply: FastifyReply) => {
        // An orchestrator that probes the wrong path must not take the docs for a healthy service.
        const isForPeople = acceptedType(request, 'application/json', 'text/html') === 'text/html';
        if (url === '/health' && !isForPeople) throw new ProblemException('ROUTE_NOT_FOUND');
        return reply.redirect(publicPathOf(request) + folder, 303);
      });
    }
  });
}

/**
 * Lets the page get a token from the provider, in a window of its own: the window goes to the provider and comes back to
 * `oauth2-redirect.html`, which hands the code over to the page that opened it, and the page asks the token endpoint.
 */
function allowProvider(
  fastify: FastifyInstance,
  folder: string,
  endpoints: ProviderEndpointsFinder,
): void {
  const setHeaders = async ({ url }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const [path = ''] = url.split('?', 1);
    if (path === `${folder}/oauth2-redirect.html`) {
      // As the provider's own pages, or it would lose the page that opened it.
      reply.header('cross-origin-opener-policy', 'unsafe-none');
    } else if ([folder, `${folder}/`, `${folder}/index.html`].includes(path)) {
      reply.header('cross-origin-opener-policy', 'same-origin-allow-popups');
      const provider = await endpoints.find();
      if (provider) reply.header('content-security-policy', policyWith(provider.tokenUrl));
    }
  };
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (route.url.startsWith(folder))
      route.preHandler = [route.preHandler ?? [], setHeaders].flat();
  });
}

/** The policy of the service, and this one address to connect to. */
function policyWith(tokenUrl: string): string {
  const { origin, pathname } = new URL(tokenUrl);
  const source = origin + pathname.replaceAll(';', '%3B').replaceAll(',', '%2C');
  return contentSecurityPolicy(source);
}
