import type { Header } from './reply.ts';

/** Optional details of an `ApiError`. */
interface ApiErrorOptions {
  /** Text after the log number; default: the errorKey. `null`: the exception had no message. */
  summary?: string | null;
  /** Exceptions of the JVM itself carry no log number; default true. */
  numbered?: boolean;
  /**
   * Set for errors of the runtime (401, unknown URL, verb without a script) and of streaming, but not of a resource:
   * only those have Cache-Control, Expires and Pragma.
   */
  cacheHeaders?: boolean;
  headers?: readonly Header[];
}

/** A failure that Alfresco reports in its JSON error envelope. */
export class ApiError extends Error {
  readonly status: number;
  readonly errorKey: string | undefined;
  readonly summary: string | null;
  readonly numbered: boolean;
  readonly cacheHeaders: boolean;
  readonly headers: readonly Header[];

  constructor(status: number, errorKey: string | undefined, options: ApiErrorOptions = {}) {
    super(`${status} ${errorKey}`);
    this.status = status;
    this.errorKey = errorKey;
    this.summary = options.summary === undefined ? (errorKey ?? '') : options.summary;
    this.numbered = options.numbered ?? true;
    this.cacheHeaders = options.cacheHeaders ?? false;
    this.headers = options.headers ?? [];
  }
}

/** The errorKey of every exception that is not the REST framework's own. */
export const API_DEFAULT = 'framework.exception.ApiDefault';

/** 400 with free text, which Alfresco repeats as the errorKey. */
export function invalidArgument(text: string): ApiError {
  return new ApiError(400, text);
}

export function entityNotFound(id: string): ApiError {
  return new ApiError(404, 'framework.exception.EntityNotFound', {
    summary: `The entity with id: ${id} was not found`,
  });
}

export function permissionDenied(): ApiError {
  return new ApiError(403, 'framework.exception.PermissionDenied', {
    summary: 'Permission was denied',
  });
}

/** 403 for every change while the repository is read-only (RetryingTransactionHelper). */
export function readOnly(): ApiError {
  return new ApiError(403, API_DEFAULT, {
    summary: 'Access Denied.  The system is currently in read-only mode.',
  });
}

/** 404 for an id without a node. */
export function notFound(what: string): ApiError {
  return new ApiError(404, 'framework.exception.NotFound', { summary: `${what} was not found` });
}

/** 404 for a URL that names no resource: the errorKey is the unknown name, none for an unknown collection. */
export function resourceNotFound(name?: string, options: ApiErrorOptions = {}): ApiError {
  return new ApiError(404, name, options);
}

/** 405 for a resource that exists but has no such operation. */
export function unsupportedOperation(): ApiError {
  return new ApiError(405, 'framework.exception.UnsupportedResourceOperation', {
    summary: 'The operation is unsupported',
  });
}

/** An exception of the JVM, which has no log number and may have no message. */
export function javaFailure(
  message: string | null,
  options: ApiErrorOptions & { status?: number } = {},
): ApiError {
  return new ApiError(options.status ?? 500, API_DEFAULT, {
    ...options,
    summary: message,
    numbered: false,
  });
}
