import type { ProblemCode } from '../problems/problem-catalogue.js';

/** What can be done about a problem. Markdown: names of headers, members and settings are in backquotes. */
interface ProblemAdvice {
  /** By the sender of the request. */
  readonly forCaller: string;
  /** By the operator of the service. */
  readonly forOperator: string;
}

/** Shown on the pages that the `type` of a problem leads to. */
export const ADVICE: Readonly<Record<ProblemCode, ProblemAdvice>> = {
  VALIDATION_FAILED: {
    forCaller:
      'Correct each value that `errors` names, by a JSON pointer into the body or by the name of a parameter, and send the request again.',
    forOperator: 'Nothing.',
  },
  MALFORMED_BODY: {
    forCaller: 'Send the body as JSON in UTF-8, with a `Content-Length` that fits it.',
    forOperator:
      'Nothing, unless something between the caller and this service cuts or rewrites bodies.',
  },
  MALFORMED_REQUEST: {
    forCaller: 'Send one `Host` header, and percent-encode what a path cannot hold as it is.',
    forOperator:
      'Check the proxy in front: a broken `Host`, or a broken `X-Forwarded-Host` where `TRUST_PROXY` believes it, leads here.',
  },
  INVALID_ID: {
    forCaller: 'Use the `id` from the response of POST /downloads.',
    forOperator: 'Nothing.',
  },
  NOT_A_DOWNLOAD: {
    forCaller:
      'Use the id of a download. Files and folders are what a ZIP is made of, by POST /downloads.',
    forOperator: 'Nothing.',
  },
  LOGIN_FAILED: {
    forCaller: 'Begin again, at `GET /auth/login`.',
    forOperator:
      'If nobody can log in, look at `OIDC_CLIENT_ID`, `PUBLIC_URL` and the redirect URI at the provider, which is `PUBLIC_URL` with `/auth/callback`; the log has the code of the provider.',
  },
  UNAUTHENTICATED: {
    forCaller:
      'Send what `WWW-Authenticate` asks for: name and password of a user of this service, not of Alfresco, or a bearer token that has not expired.',
    forOperator:
      'If the credentials should be accepted, check `AUTH`, and `USERS_FILE` or `USERS`; for tokens `OIDC_ISSUER`, `OIDC_AUDIENCE` and `OIDC_USERNAME_CLAIM`.',
  },
  CALLER_LOGGED_OUT: {
    forCaller: 'Log in again, or have the one who made the link or the ticket log in again.',
    forOperator:
      'With `ALFRESCO_ON_BEHALF_OF` as `token` or `token-exchange`, links and tickets work as long as their maker has a valid token or a session.',
  },
  FORBIDDEN: {
    forCaller:
      'Log in as the user who made the download, and in the same way: a name with a password and the same name with a token are two callers. Or make a download of your own.',
    forOperator: 'Nothing.',
  },
  CALLER_NOT_ACCEPTED: {
    forCaller: 'Log in as a user whom Alfresco knows, or have the user created or enabled there.',
    forOperator:
      'Only with `ALFRESCO_ON_BEHALF_OF=remote-user`. Names that cannot be passed on to Alfresco are refused: empty ones, those longer than 255 characters, with control characters or with blanks at their ends, `System` and `guest`. So are users whom Alfresco has disabled, or does not know and does not create (`create.missing.people`), if it has accepted another caller within the last minute; otherwise the certificate may be at fault, and the code is ALFRESCO_CREDENTIALS_REJECTED.',
  },
  ORIGIN_FORBIDDEN: {
    forCaller:
      'Call from a page of the origin of this service, or have the origin of the page listed.',
    forOperator:
      'To let the page in, add its origin to `CORS_ORIGINS`; also the public origin of this service, where a proxy in front changes `Host`.',
  },
  LINK_INVALID: {
    forCaller:
      'Ask for a new link with POST /downloads/{id}/request-direct-access-url, and follow it unchanged before it expires.',
    forOperator:
      '`LINK_TTL` sets how long links are valid. Without `LINK_SECRET` they end with the process, and other processes refuse them.',
  },
  NODE_FORBIDDEN: {
    forCaller:
      'Leave out the nodes that may not be read, or have the permission granted in Alfresco.',
    forOperator:
      'In Alfresco, let the account of this service read the nodes, or the caller with `ALFRESCO_ON_BEHALF_OF=remote-user`.',
  },
  DOWNLOAD_NOT_FOUND: {
    forCaller: 'Make the download again, and save the ZIP soon after it is finished.',
    forOperator:
      'Alfresco removes downloads after `download.cleaner.maxAgeMins`. Those made before the store was emptied or changed (`STORE_URL`), or longer ago than `DOWNLOAD_RETENTION`, are no longer known here.',
  },
  NODE_NOT_FOUND: {
    forCaller: 'Look the nodes up again: one has been deleted, or its id is wrong.',
    forOperator: 'If nodes that exist are not found, check `ALFRESCO_URL` and `ALFRESCO_TENANT`.',
  },
  ROUTE_NOT_FOUND: {
    forCaller: 'Compare the path with the documentation at `/docs`; upper and lower case count.',
    forOperator:
      'If no path is found, compare `API_PREFIX` with what the proxy in front passes on.',
  },
  METHOD_NOT_ALLOWED: {
    forCaller: 'Use one of the methods that `Allow` lists.',
    forOperator: 'Nothing.',
  },
  REQUEST_TIMEOUT: {
    forCaller: 'Send the request again, without pauses.',
    forOperator:
      'Look for something in front that delays requests. The limit of 30 seconds is fixed.',
  },
  CONTENT_NOT_READY: {
    forCaller:
      'With `Retry-After`, try again after that many seconds, or watch the events until `done`. Without it, check the `status` of the download: make it again, of fewer nodes if it is MAX_CONTENT_SIZE_EXCEEDED.',
    forOperator: 'Alfresco limits the size of a ZIP: `download.maxContentSize`.',
  },
  IDEMPOTENCY_KEY_IN_USE: {
    forCaller:
      'Send the same request again after `Retry-After`: it gets the download that the first one makes.',
    forOperator: 'Nothing. The key of a request whose process has died is free after a minute.',
  },
  CONTENT_ARCHIVED: {
    forCaller: 'Have the content restored in Alfresco, or leave the nodes out.',
    forOperator: 'Restore the content from cold storage by the storage connector of Alfresco.',
  },
  PRECONDITION_FAILED: {
    forCaller:
      'Discard the copy, or the part of it, that you have, and save the ZIP from its start, without the precondition.',
    forOperator: 'Nothing.',
  },
  BODY_TOO_LARGE: {
    forCaller:
      'Ask for fewer nodes, several times if need be. A folder brings all that is below it.',
    forOperator:
      'To take larger bodies, raise `MAX_BODY_BYTES`, and what the proxy in front allows.',
  },
  TOO_MANY_NODES: {
    forCaller:
      'Ask for fewer nodes, several times if need be. A folder brings all that is below it.',
    forOperator: 'To take more, raise `MAX_NODE_IDS`, and `MAX_BODY_BYTES` along with it.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    forCaller: 'Send `Content-Type: application/json` with the body, and no `Content-Encoding`.',
    forOperator: 'Nothing.',
  },
  RANGE_NOT_SATISFIABLE: {
    forCaller:
      'Compare the range with the size in `Content-Range`: a client that has that many bytes has the whole ZIP.',
    forOperator: 'Nothing.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    forCaller:
      'Use a new key for each new request; use a key again only to repeat its own request, with the same nodes.',
    forOperator: 'Nothing.',
  },
  NODE_NOT_ZIPPABLE: {
    forCaller: 'Leave out what is neither a file nor a folder, such as a person.',
    forOperator: 'Nothing.',
  },
  TOO_MANY_REQUESTS: {
    forCaller:
      'Wait for the seconds of `Retry-After`. `RateLimit` says what is left; watch events instead of polling.',
    forOperator:
      'If the limits are too low, raise `RATE_LIMIT_PER_CALLER`, `RATE_LIMIT_PER_ADDRESS`, `RATE_LIMIT_CREATE` or `RATE_LIMIT_FAILED_LOGINS`. Behind a proxy, set `TRUST_PROXY`, or all callers share one address.',
  },
  HEADERS_TOO_LARGE: {
    forCaller: 'Send fewer and shorter headers; cookies are not needed at all.',
    forOperator:
      'Look for something in front that adds large headers. Node.js accepts 16 KiB, or what `--max-http-header-size` says.',
  },
  INTERNAL_ERROR: {
    forCaller: 'Try again once. If it persists, give the operator the `requestId`.',
    forOperator:
      'Look for the `requestId` in the log: the line at level `error` has the stack. This is a defect; please report it.',
  },
  ALFRESCO_ERROR: {
    forCaller: 'Try again later. If it persists, give the operator the `requestId`.',
    forOperator:
      'The log has the status that Alfresco sent, under the `requestId`; the reason is in the log of Alfresco, at the same time.',
  },
  ALFRESCO_BAD_RESPONSE: {
    forCaller: 'Try again later. If it persists, give the operator the `requestId`.',
    forOperator:
      'Check whether `ALFRESCO_URL` leads to the web application itself, and not to a login page or a proxy with pages of its own; `diagnosis` in the log says what came instead.',
  },
  ALFRESCO_CREDENTIALS_REJECTED: {
    forCaller: 'Nothing: it is not about the credentials of the caller. Tell the operator.',
    forOperator:
      'Check `ALFRESCO_AUTH` and the account that goes with it, which may be wrong, expired, disabled or locked. It is tried again after a pause of a minute at most (`Retry-After`). With `ALFRESCO_ON_BEHALF_OF=remote-user`, check the client certificate and `external.authentication.proxyUserName`, and whether the user is disabled.',
  },
  ALFRESCO_UNREACHABLE: {
    forCaller: 'Try again later. A download that was created before goes on meanwhile.',
    forOperator:
      'Check whether Alfresco runs and `ALFRESCO_URL` can be reached from here; with https, check also `ALFRESCO_CA_FILE`. `diagnosis` in the log has the reason.',
  },
  ALFRESCO_UNAVAILABLE: {
    forCaller: 'Try again after the seconds of `Retry-After`.',
    forOperator:
      'Check `/health/ready`, and `bff_breaker_state` and `bff_content_streams_open` in `/metrics`: either Alfresco fails, or ZIPs hold all of their connections (`ALFRESCO_MAX_CONNECTIONS`).',
  },
  ALFRESCO_READ_ONLY: {
    forCaller:
      'Try again later; nothing has been changed. Downloads that Alfresco made before can be viewed and saved.',
    forOperator:
      'Somebody has set Alfresco to read-only (`server.allowWrite`), or its licence has expired. `/health/ready` is degraded until a change succeeds.',
  },
  STORE_UNAVAILABLE: {
    forCaller:
      'Try again later. A POST with its `Idempotency-Key` can be repeated without a second ZIP.',
    forOperator:
      'Check what `STORE_URL` names: whether Redis responds, or whether the folder of the SQLite file can be written and the disk has room.',
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    forCaller:
      'Try again after the seconds of `Retry-After`, with the same token or cookie. Nobody is logged out by it.',
    forOperator:
      'Check whether `OIDC_ISSUER` can be reached from here, with `/.well-known/openid-configuration` below it and the keys that this names. For log-ins, the log has the reason: `unauthorized_client` or `invalid_client` of the provider for a wrong `OIDC_CLIENT_SECRET`, `OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED` for an `OIDC_ISSUER` that calls itself otherwise.',
  },
  SHUTTING_DOWN: {
    forCaller:
      'Try again: another instance, or the next one, takes the request. A POST with its `Idempotency-Key` can be repeated without a second ZIP.',
    forOperator:
      'Nothing when the service is being stopped or replaced. `SHUTDOWN_GRACE_MS` is the time that requests have to end.',
  },
  ALFRESCO_TIMEOUT: {
    forCaller:
      'Try again later. If a POST still makes a download in Alfresco, that belongs to nobody, and the clean-up of Alfresco removes it.',
    forOperator:
      'Alfresco is slow or stuck: check its load and its log. The limits are `ALFRESCO_TIMEOUT_MS`; for the content of ZIPs `ALFRESCO_IDLE_TIMEOUT_MS`; for ZIPs that do not grow `STALL_AFTER_MS`; for ZIPs that Alfresco does not begin `PENDING_STALL_AFTER_MS`.',
  },
};
