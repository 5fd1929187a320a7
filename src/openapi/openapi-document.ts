import { isDeepStrictEqual } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { SessionCookies } from '../auth/session/session-cookies.js';
import { LINK_PARAMETER } from '../auth/signed-link.js';
import { TICKET_PARAMETER } from '../auth/tickets/ticket-authenticator.js';
import type { AuthConfig } from '../config/app-config.js';
import { PROBLEM_CODES } from '../problems/problem-catalogue.js';
import { PROBLEM_PAGES } from '../problems/problem-document.js';
import { VERSION } from '../config/version.js';
import type { ProviderEndpoints } from './provider-endpoints.js';
import { HEADERS, headers } from './headers.js';
import { problemCodeSchema, problemExamples } from './api-problems.decorators.js';
import { SESSION_SCHEME } from './session-routes.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

type SecurityScheme = NonNullable<
  NonNullable<OpenAPIObject['components']>['securitySchemes']
>[string];

const PROBLEM = 'application/problem+json';

const LINK: SecurityScheme = {
  type: 'apiKey',
  in: 'query',
  name: LINK_PARAMETER,
  description:
    'The signature of a link from POST /downloads/{id}/request-direct-access-url, whose `contentUrl` has it already.',
};

const BEARER: SecurityScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'An access token of the OpenID provider that the service trusts.',
};

const BASIC: SecurityScheme = {
  type: 'http',
  scheme: 'basic',
  description: 'A user of this service, not of Alfresco.',
};

/** The parameter that Alfresco's clients put into addresses. */
const TICKET: SecurityScheme = {
  type: 'apiKey',
  in: 'query',
  name: TICKET_PARAMETER,
  description: 'A ticket of this service, which Alfresco’s clients get by logging in.',
};

const cookieScheme = (name: string): SecurityScheme => ({
  type: 'apiKey',
  in: 'cookie',
  name,
  description:
    'The session of a browser that has logged in at `GET /auth/login`; no script can read or set the cookie. A request that ' +
    'changes something needs `X-Requested-With` as well, with any value. Not together with `Authorization`.',
});

const oauth2Scheme = ({ authorizationUrl, tokenUrl }: ProviderEndpoints): SecurityScheme => ({
  type: 'oauth2',
  description:
    'Gets an access token from the OpenID provider (authorization code with PKCE). The client has to be known there, as a public one.',
  flows: {
    authorizationCode: {
      authorizationUrl,
      tokenUrl,
      scopes: { openid: 'Who you are.', profile: 'Your name.' },
    },
  },
});

const DESCRIPTION = `
Have Alfresco Content Services make a ZIP of nodes; watch its progress, save it, cancel it, remove it.
JSON bodies have the shapes of Alfresco's own REST API; the credentials for Alfresco stay in this service.

Every error is a problem document (RFC 9457) with a stable \`code\`, and has Alfresco's own \`error\` member
for clients that were written for Alfresco. Its \`type\` is the address of a page that says what to do. A person who has followed
a link (\`Accept: text/html\` first) gets the same as a page.

Every response has an \`X-Request-Id\`: that of the request, or a new one. The operator finds the request in the log by it.
`.trim();

interface DocumentOptions {
  /** Where clients reach the service: a URL, or a path. */
  readonly server?: string;
  /** Accepted credentials; all of them unless given. */
  readonly schemes?: AuthConfig['schemes'];
  /** Where tokens come from, if it is known. */
  readonly provider?: ProviderEndpoints;
  /** The challenge of a 401 where Alfresco's clients log in (see `ticketsPath`). */
  readonly ticketChallenge?: string;
}

const ALL_SCHEMES = ['basic', 'bearer', 'session'] as const;

export function createOpenApiDocument(
  app: INestApplication,
  { server = '/', schemes = ALL_SCHEMES, provider, ticketChallenge }: DocumentOptions = {},
): OpenAPIObject {
  const hasSessions = schemes.includes('session');
  const hasTickets = ticketChallenge !== undefined;
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Alfresco downloads')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer(server, 'this service')
    .addTag('downloads', 'Make, watch, save and cancel a ZIP.')
    .addTag('nodes', 'The same ZIP under the paths that Alfresco’s clients use.')
    .addTag('problems', 'What each error code means, and what to do about it.')
    .addTag('health', 'Probes for an orchestrator.');
  if (hasSessions) builder.addTag('auth', 'Where browsers log in and out, at an OpenID provider.');
  const config = builder.build();
  config.info.contact = { name: 'The operator of this service' };
  const document = SwaggerModule.createDocument(app, config);
  const accepted = {
    ...(hasSessions && { [SESSION_SCHEME]: cookieScheme(app.get(SessionCookies).name) }),
    ...(schemes.includes('bearer') && {
      ...(provider && { oauth2: oauth2Scheme(provider) }),
      bearer: BEARER,
    }),
    ...(hasTickets && { ticket: TICKET }),
    ...(schemes.includes('basic') && { basic: BASIC }),
  };
  // Swagger UI shows them in this order, and puts the cursor into the last one.
  document.components!.securitySchemes = { link: LINK, ...accepted };
  addSecurity(document, Object.keys(accepted));
  closeBodies(document);
  putPathParametersFirst(document);
  addHeaders(document);
  if (ticketChallenge !== undefined) showChallenge(document, ticketChallenge);
  addProblems(document, app.get<string>(PROBLEM_PAGES));
  return document;
}

/** `BodyValidationPipe` refuses unknown members, which the decorators of a class cannot express. */
function closeBodies(document: OpenAPIObject): void {
  for (const { requestBody } of operationsOf(document)) {
    if (!requestBody || '$ref' in requestBody) continue;
    const schema = requestBody.content['application/json']?.schema;
    if (!schema || !('$ref' in schema)) continue;
    const body = document.components!.schemas![schema.$ref.split('/').at(-1)!];
    if (body && !('$ref' in body)) body.additionalProperties = false;
  }
}

/** Generated clients take the parameters in this order, where their language has no names for them. */
function putPathParametersFirst(document: OpenAPIObject): void {
  for (const operation of operationsOf(document)) {
    const parameters = operation.parameters ?? [];
    operation.parameters = parameters.toSorted(
      (one, other) => Number(isInPath(other)) - Number(isInPath(one)),
    );
  }
}

function isInPath(parameter: object): boolean {
  return 'in' in parameter && parameter.in === 'path';
}

/** Not with decorators: they would also apply to an embedding application, which has its own ways to log in. */
function addSecurity({ paths }: OpenAPIObject, accepted: readonly string[]): void {
  for (const [path, operations] of Object.entries(paths)) {
    const isLinked = path.endsWith('/downloads/{id}/content');
    for (const operation of Object.values(operations) as Operation[]) {
      if (!operation.tags?.some((tag) => tag === 'downloads' || tag === 'nodes')) continue;
      const names = [...(isLinked ? ['link'] : []), ...accepted];
      operation.security = names.map((name) => ({ [name]: [] }));
    }
  }
}

/**
 * Adds the headers of every response, and those of the limits where requests are counted for a caller. Headers that several
 * responses share go into the components.
 */
function addHeaders(document: OpenAPIObject): void {
  document.components!.headers = HEADERS;
  for (const { responses, security } of operationsOf(document)) {
    for (const [status, response] of Object.entries(responses)) {
      if (!response || '$ref' in response) continue;
      const isCounted = security && (Number(status) < 400 || status === '429');
      const limits = isCounted ? headers('RateLimit-Policy', 'RateLimit') : {};
      const all = { ...response.headers, ...limits, ...headers('X-Request-Id') };
      response.headers = Object.fromEntries(
        Object.entries(all).map(([name, header]) => [name, sharedHeader(name, header)]),
      );
    }
  }
}

/** A 401 challenges Alfresco's clients alone where they are expected. */
function showChallenge({ components }: OpenAPIObject, example: string): void {
  components!.headers = {
    ...components!.headers,
    'WWW-Authenticate': { ...HEADERS['WWW-Authenticate'], example },
  };
}

function sharedHeader<T>(name: string, header: T): T | { $ref: string } {
  const shared: unknown = (HEADERS as Record<string, unknown>)[name];
  return isDeepStrictEqual(header, shared) ? { $ref: `#/components/headers/${name}` } : header;
}

/** Puts one example for each code that an operation documents into the components; METHOD_NOT_ALLOWED belongs to none. */
function addProblems(document: OpenAPIObject, pages: string): void {
  const documented = new Set<string>();
  for (const { responses } of operationsOf(document)) {
    for (const response of Object.values(responses)) {
      const problem = response && 'content' in response ? response.content?.[PROBLEM] : undefined;
      if (!problem) continue;
      const codes = Object.keys(problem.examples ?? {});
      problem.examples = Object.fromEntries(
        codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
      );
      for (const code of codes) documented.add(code);
    }
  }
  const codes = PROBLEM_CODES.filter((code) => documented.has(code));
  document.components!.examples = problemExamples(codes, pages);
  document.components!.schemas!.ProblemCode = problemCodeSchema(pages);
}

function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.values(paths).flatMap(({ get, head, post, delete: remove }) =>
    [get, head, post, remove].filter((operation) => operation !== undefined),
  );
}
