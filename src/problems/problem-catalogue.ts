/** One kind of problem: its response and its meaning. */
export interface ProblemDefinition {
  readonly status: number;
  /** Short and the same for every occurrence (RFC 9457, section 3.1.4). */
  readonly title: string;
  /** Shown on the pages and in the OpenAPI document; also the `detail` of an occurrence that has none of its own. */
  readonly description: string;
}

/**
 * Every error with which this service can respond. The key is the `code` member of the problem document: stable, meant for
 * programs. The texts are those of problem documents, of the pages that their `type` leads to, and of the OpenAPI document;
 * only the pages say what can be done (problem-pages/problem-advice.ts).
 */
export const PROBLEMS = {
  VALIDATION_FAILED: {
    status: 400,
    title: 'The request is not valid',
    description: 'One or more values are missing or wrong; "errors" names each one.',
  },
  MALFORMED_BODY: {
    status: 400,
    title: 'The body is not valid JSON',
    description: 'The request body could not be parsed as JSON.',
  },
  MALFORMED_REQUEST: {
    status: 400,
    title: 'The request is not valid HTTP',
    description: 'The request line or a header could not be parsed.',
  },
  INVALID_ID: {
    status: 400,
    title: 'The id is not valid',
    description: 'An id is 1 to 36 characters of [A-Za-z0-9._:-] and not only dots.',
  },
  NOT_A_DOWNLOAD: {
    status: 400,
    title: 'The node is not a download',
    description: 'A node with this id exists, but it is not a download node.',
  },
  LOGIN_FAILED: {
    status: 400,
    title: 'The log-in did not succeed',
    description:
      'The browser came back from the identity provider without what it takes to log in: the log-in was cancelled, took too long, was begun elsewhere, or the provider has not confirmed it.',
  },
  UNAUTHENTICATED: {
    status: 401,
    title: 'Authentication is required',
    description: 'The request has no credentials, or they are malformed or wrong.',
  },
  CALLER_LOGGED_OUT: {
    status: 403,
    title: 'The caller is not logged in any more',
    description:
      'Alfresco is asked with the access token of the one who has made the download, and there is none that is valid.',
  },
  FORBIDDEN: {
    status: 403,
    title: 'The caller may not do this',
    description: 'The download exists, but it belongs to someone else.',
  },
  CALLER_NOT_ACCEPTED: {
    status: 403,
    title: 'Alfresco does not accept the caller',
    description: 'Alfresco has no user on whose behalf the caller could be served.',
  },
  ORIGIN_FORBIDDEN: {
    status: 403,
    title: 'The request comes from another web site',
    description:
      'A browser sent this request on behalf of a page of another origin, which the service does not list (CORS_ORIGINS).',
  },
  LINK_INVALID: {
    status: 403,
    title: 'The link is not valid',
    description: 'The signed link has expired, or it is not one that this service made.',
  },
  NODE_FORBIDDEN: {
    status: 403,
    title: 'A node may not be read',
    description: 'At least one of the requested nodes may not be read.',
  },
  DOWNLOAD_NOT_FOUND: {
    status: 404,
    title: 'There is no such download',
    description:
      'No download has this id. Alfresco removes downloads by itself, by default an hour or two after their last change.',
  },
  NODE_NOT_FOUND: {
    status: 404,
    title: 'A node does not exist',
    description: 'At least one of the requested nodes does not exist.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: 'There is nothing at this path',
    description: 'No route matches the path of the request.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The method is not allowed here',
    description: 'The path exists, but not for this method; "Allow" lists those that it takes.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request took too long',
    description: 'The request was not received completely in time.',
  },
  CONTENT_NOT_READY: {
    status: 409,
    title: 'The ZIP is not there',
    description:
      'The download has no content: it is still being made ("Retry-After" is sent), or it was cancelled or too large and will never have any.',
  },
  IDEMPOTENCY_KEY_IN_USE: {
    status: 409,
    title: 'The request is being carried out',
    description: 'A request with the same Idempotency-Key has not ended yet.',
  },
  CONTENT_ARCHIVED: {
    status: 412,
    title: 'Content is archived',
    description: 'The content of at least one node is in cold storage and cannot be read now.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'A precondition failed',
    description: '"If-Match" or "If-Unmodified-Since" does not hold for the current content.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    description: 'The request body is larger than the service accepts (MAX_BODY_BYTES).',
  },
  TOO_MANY_NODES: {
    status: 413,
    title: 'Too many nodes',
    description: 'More nodes are requested than the service accepts (MAX_NODE_IDS).',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'The media type is not supported',
    description: 'The request body must be application/json, without a Content-Encoding.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: 'The range is outside of the content',
    description: 'No byte of the requested range exists; "Content-Range" has the size.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    description: 'The same Idempotency-Key was sent before with another body.',
  },
  NODE_NOT_ZIPPABLE: {
    status: 422,
    title: 'A node cannot be put into a ZIP',
    description: 'At least one of the requested nodes is neither a file nor a folder.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    title: 'Too many requests',
    description: 'The caller or the address has sent more requests than allowed in a minute.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The request headers are too large',
    description: 'The request line and headers are larger than the service accepts.',
  },
  INTERNAL_ERROR: {
    status: 500,
    title: 'The service failed',
    description: 'An unexpected error; the log has it under the request id.',
  },
  ALFRESCO_ERROR: {
    status: 502,
    title: 'Alfresco failed',
    description: 'Alfresco responded with an error.',
  },
  ALFRESCO_BAD_RESPONSE: {
    status: 502,
    title: 'Alfresco answered something unexpected',
    description:
      'The response was not what its API documents: a redirect, HTML, broken JSON, a missing member, or content of another length.',
  },
  ALFRESCO_CREDENTIALS_REJECTED: {
    status: 502,
    title: 'Alfresco refused the credentials of this service',
    description: 'The account with which this service calls Alfresco was refused.',
  },
  ALFRESCO_UNREACHABLE: {
    status: 502,
    title: 'Alfresco cannot be reached',
    description: 'No connection to Alfresco could be made, or it broke before a response came.',
  },
  ALFRESCO_UNAVAILABLE: {
    status: 503,
    title: 'Alfresco is not available now',
    description:
      'Alfresco is not called: it did not respond several times in a row, or as many ZIPs are being sent as are allowed ("Retry-After" is sent). From the readiness probe: Alfresco says that it is not ready, or does not respond.',
  },
  ALFRESCO_READ_ONLY: {
    status: 503,
    title: 'Alfresco is read-only now',
    description:
      'Alfresco changes nothing at the moment: no ZIP can be made, cancelled or removed. Existing ones can be saved.',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The store is not available',
    description: 'The store that records who owns which download does not respond.',
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The identity provider is not available',
    description:
      'The identity provider gave neither keys that verify tokens nor tokens for a log-in or a session.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'The service is being stopped',
    description: 'This instance is going away and takes no new work.',
  },
  ALFRESCO_TIMEOUT: {
    status: 504,
    title: 'Alfresco did not answer in time',
    description: 'Alfresco took longer than this service waits.',
  },
} as const satisfies Record<string, ProblemDefinition>;

export type ProblemCode = keyof typeof PROBLEMS;

/** In the order of the catalogue, which is that of their status. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];
