import { HttpException } from '@nestjs/common';
import { PROBLEMS, type ProblemCode } from './problem-catalogue.js';

/** Where in the request something is wrong: a JSON pointer (RFC 6901) into the body, or a parameter. */
export interface FieldError {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly detail: string;
}

/** Where a person can go from the page about a problem. */
export interface WayOut {
  readonly text: string;
  /** Of this service, or of a page on its host. */
  readonly href: string;
}

export interface ProblemOptions {
  /** Specific to this occurrence; shown to the caller. Default: the catalogue's description. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document (RFC 9457, section 3.2). */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Shown on the page of a person, not in the problem document: a program knows what it wants. */
  readonly waysOut?: readonly WayOut[];
  /** For the log only, never for the caller. Must hold no secret, no node name and no host name. */
  readonly diagnosis?: string;
}

/** A small request must not cause a large response; and no client corrects more than this at a time. */
export const MAX_ERRORS = 20;
const MAX_NAME_LENGTH = 100;

/**
 * The one exception that this service throws on purpose.
 *
 * The filters of the service and of `DownloadsModule` make a problem document of it. An embedding application's own controllers
 * get a JSON response with the right status from Nest's default filter, which sends no headers of an exception.
 */
export class ProblemException extends HttpException {
  override readonly name = 'ProblemException';
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly waysOut: readonly WayOut[];
  readonly diagnosis?: string;

  constructor(
    readonly code: ProblemCode,
    options: ProblemOptions = {},
  ) {
    const { status, title, description } = PROBLEMS[code];
    super(options.detail ?? description, status);
    this.title = title;
    this.detail = this.message;
    this.errors = options.errors?.slice(0, MAX_ERRORS).map(clipped);
    this.headers = options.headers ?? {};
    this.extensions = options.extensions ?? {};
    this.waysOut = options.waysOut ?? [];
    this.diagnosis = options.diagnosis;
  }

  /**
   * The members of the problem document that do not depend on the request. There is no `type`: only the filters know where the
   * pages about problems are, if there are any.
   */
  override getResponse(): object {
    const { code, title, detail, errors, extensions } = this;
    return {
      title,
      status: this.getStatus(),
      detail,
      code,
      ...(errors && { errors: [...errors] }),
      ...extensions,
    };
  }
}

/** Whether this is the problem of that code. */
export function isProblem(error: unknown, code: ProblemCode): error is ProblemException {
  return error instanceof ProblemException && error.code === code;
}

/** The names of members are the client's own text, of any length. */
function clipped(error: FieldError): FieldError {
  const { pointer } = error;
  if (pointer === undefined || pointer.length <= MAX_NAME_LENGTH) return error;
  return { ...error, pointer: `${pointer.slice(0, MAX_NAME_LENGTH).toWellFormed()}…` };
}
