import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from '../../http/http-request.js';
import { ProblemException } from '../../problems/problem.exception.js';

/**
 * A structured-field string (RFC 9651), as the draft wants it, or the bare text that many clients send. The double quote is
 * written as \x22, since generators put the pattern into string literals of other languages.
 */
const KEY =
  /^(?:\x22((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x22\\]){1,255})\x22|([\x21\x23-\x7e][\x21-\x7e]{0,254}))$/;

/** The same for the OpenAPI document. */
export const IDEMPOTENCY_KEY_PATTERN = KEY.source;

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header), if there is one, as a parameter of a handler.
 */
export const IdempotencyKey = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<HttpRequest>();
  return parseIdempotencyKey(headers['idempotency-key']?.toString());
});

/** @throws ProblemException VALIDATION_FAILED */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = KEY.exec(header) ?? [];
  const key = quoted?.replace(/\\(.)/g, '$1') ?? bare;
  if (key !== undefined) return key;
  const detail = 'must be 1 to 255 visible ASCII characters, in double quotes or bare';
  throw new ProblemException('VALIDATION_FAILED', {
    errors: [{ parameter: 'Idempotency-Key', detail }],
  });
}
