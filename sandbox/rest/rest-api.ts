import type { IncomingMessage } from 'node:http';
import type { ApiCall, Operation, Resource, ResourceMap, Verb } from './api-call.ts';
import {
  API_DEFAULT,
  ApiError,
  readOnly,
  resourceNotFound,
  unsupportedOperation,
} from './api-error.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { errorReply } from './json-reply.ts';
import type { LogCounter } from './log-counter.ts';
import { checkParameters } from './parameter-check.ts';
import { Parameters } from './parameters.ts';
import { htmlReply, type Header, type Reply } from './reply.ts';
import { decodeSegment, readTarget, type RequestTarget } from './request-target.ts';

/** Set by the security headers filter of the web application; Tomcat's own pages lack it. */
const FRAME_OPTIONS: Header = ['X-Frame-Options', 'SAMEORIGIN'];
const DISCOVERY_PATH = '/alfresco/api/discovery';
const VERBS: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'] satisfies Verb[];

/** A reply and the user who asked for it. */
export interface ApiResponse {
  reply: Reply;
  userId?: string;
}

/** The parts of the REST API. */
export interface RestApiParts {
  /** Resources by the name of their API, `alfresco` or `authentication`. */
  apis: Readonly<Record<string, ResourceMap>>;
  /** `/api/discovery`, which belongs to no tenant. */
  discovery: Resource;
  authenticator: Authenticator;
  logCounter: LogCounter;
  isReadOnly: () => boolean;
}

interface Match {
  /** The path of the resource as described to clients, such as `/nodes/{id}/content`. */
  template: string;
  resource: Resource;
  id: string;
  isCollection: boolean;
}

/** Routes requests to their operations, in Alfresco's order of checks: URL, credentials, parameters, body. */
export class RestApi {
  readonly #parts: RestApiParts;

  constructor(parts: RestApiParts) {
    this.#parts = parts;
  }

  /** @param certificateSubject of the client's certificate, if there is one */
  async respond(
    request: IncomingMessage,
    body: Buffer,
    certificateSubject?: string,
  ): Promise<ApiResponse> {
    const target = readTarget(request.url ?? '/');
    if ('rejectedWith' in target) {
      return { reply: htmlReply(target.rejectedWith) };
    }
    const response: ApiResponse = { reply: { status: 500, headers: [] } };
    try {
      response.reply = await this.#operate(request, target, body, response, certificateSubject);
    } catch (error) {
      response.reply = errorReply(toApiError(error), this.#parts.logCounter);
    }
    response.reply.headers.unshift(FRAME_OPTIONS);
    return response;
  }

  async #operate(
    request: IncomingMessage,
    target: RequestTarget,
    body: Buffer,
    response: ApiResponse,
    certificateSubject: string | undefined,
  ): Promise<Reply> {
    const header = (name: string): string | undefined => headerOf(request, name);
    const form = isForm(header('content-type')) ? body.toString('utf8') : '';
    const parameters = new Parameters(target.query, form);
    const verb = effectiveVerb(request, parameters);
    const { match, operation, lateFailure } = this.#find(target.rawPath, verb);

    if (match?.resource.anonymous?.includes(verb) !== true) {
      response.userId = this.#parts.authenticator.authenticate(
        { parameters, authorization: header('authorization'), header, certificateSubject },
        verb,
      );
    }
    if (match === undefined || operation === undefined) throw lateFailure;
    checkParameters(parameters);
    const relations = parameters.first('relations');
    if (relations) throw resourceNotFound(relations);
    // Tickets are not part of the repository, so that they can be issued while it is read-only.
    const isChange = verb !== 'GET' && /\/public\/alfresco\//.test(target.rawPath);
    if (isChange && this.#parts.isReadOnly()) throw readOnly();
    const call: ApiCall = {
      userId: response.userId ?? '',
      id: match.id,
      parameters,
      body: body.toString('utf8'),
      header,
    };
    return operation(call);
  }

  /**
   * Finds the operation. Verbs without a script and, for GET and POST, unknown resources fail before credentials are
   * checked, all others afterwards.
   */
  #find(
    rawPath: string,
    verb: Verb,
  ): { match?: Match; operation?: Operation; lateFailure?: ApiError } {
    if (rawPath === DISCOVERY_PATH) {
      const resource = this.#parts.discovery;
      const match = { template: '/discovery', resource, id: '', isCollection: true };
      const operation = resource.operations[verb];
      if (operation === undefined) throw noScript('/discovery', verb);
      return { match, operation };
    }
    const [, , , tenant, scope, api = '', versions, version, ...rest] = rawPath.split('/');
    if (rest.at(-1) === '') rest.pop();
    const isApi =
      tenant === '-default-' && scope === 'public' && versions === 'versions' && version === '1';
    const resources =
      isApi && Object.hasOwn(this.#parts.apis, api) ? this.#parts.apis[api] : undefined;
    if (resources === undefined || rest.length === 0)
      throw resourceNotFound(undefined, { cacheHeaders: true });
    if (!VERBS.includes(verb)) throw noScript(`/public/${api}/versions/1/${rest.join('/')}`, verb);

    const segments = rest.map((segment) => decodeSegment(segment));
    const match = findResource(resources, segments);
    const isLookedUpEarly = verb === 'GET' || verb === 'POST';
    if (match === undefined) {
      const lateFailure = resourceNotFound(segments[2], { cacheHeaders: isLookedUpEarly });
      if (isLookedUpEarly) throw lateFailure;
      return { lateFailure };
    }
    if (verb === 'OPTIONS') return { match, operation: () => descriptionReply(match.template) };
    const operation = match.resource.operations[verb];
    if (operation !== undefined) return { match, operation };
    return { match, lateFailure: lateFailureOf(verb, match) };
  }
}

function findResource(resources: ResourceMap, segments: readonly string[]): Match | undefined {
  for (const [template, resource] of Object.entries(resources)) {
    const parts = template.split('/');
    const fits =
      parts.length === segments.length &&
      parts.every((part, at) => part === '*' || part === segments[at]);
    if (fits) {
      return {
        template: `/${template.replace('*', '{id}')}`,
        resource,
        id: segments[1] ?? '',
        isCollection: parts.length === 1,
      };
    }
  }
  // `/nodes` and `/probes` exist as collections, though nothing can be done with them.
  const [collection] = segments;
  const exists = segments.length === 1 && Object.hasOwn(resources, `${collection}/*`);
  return exists
    ? { template: `/${collection}`, resource: { operations: {} }, id: '', isCollection: true }
    : undefined;
}

/** The description of a resource (ResourceWebScriptOptions) has the type of no response. */
function descriptionReply(template: string): Reply {
  const description = { entry: { metaData: { uniqueId: template } } };
  return { status: 200, headers: [], body: Buffer.from(JSON.stringify(description)) };
}

function lateFailureOf(verb: Verb, match: Match): ApiError {
  if (verb === 'POST' && !match.isCollection)
    return new ApiError(405, 'POST is executed against a collection URL');
  if (verb === 'DELETE' && match.isCollection)
    return new ApiError(405, 'DELETE not supported for Actions');
  return unsupportedOperation();
}

function noScript(url: string, verb: string): ApiError {
  return new ApiError(405, API_DEFAULT, {
    summary: `Script url ${url} does not support the method ${verb}`,
    cacheHeaders: true,
  });
}

/** Verb tunnelling: on POST a parameter or a header can replace the verb (WebScriptServletRuntime.getScriptMethod). */
function effectiveVerb(request: IncomingMessage, parameters: Parameters): Verb {
  const verb = request.method ?? 'GET';
  if (verb !== 'POST') return verb as Verb;
  const override = parameters.first('alf_method') || headerOf(request, 'x-http-method-override');
  return (override || verb).toUpperCase() as Verb;
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded/i.test(contentType ?? '');
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(500, API_DEFAULT, { summary: error instanceof Error ? error.message : null });
}
