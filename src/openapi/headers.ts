import type { ApiResponseOptions } from '@nestjs/swagger';

type Headers = NonNullable<ApiResponseOptions['headers']>;

/** A header of an answer that is text. */
export const textHeader = (description: string, example: string) => ({
  description,
  schema: { type: 'string' as const },
  example,
});

const countHeader = (description: string, example: number) => ({
  description,
  schema: { type: 'integer' as const, minimum: 0 },
  example,
});

/** Of what is true at the moment only. */
export const NOT_KEPT = { 'Cache-Control': textHeader('Not to be kept.', 'no-store') };

/** What several answers have. */
export const HEADERS = {
  'X-Request-Id': textHeader(
    'Id of the request, also in the log.',
    '3f0f6c2e-2f7e-4b7e-9d0a-5c0f6a1d2e3f',
  ),
  'RateLimit-Policy': textHeader(
    'The limits: requests, and seconds.',
    '"address";q=2400;w=60, "caller";q=1200;w=60',
  ),
  RateLimit: textHeader(
    'What is left of each limit, and seconds until it starts anew.',
    '"address";r=2398;t=42, "caller";r=1198;t=42',
  ),
  'Retry-After': countHeader('Seconds until it is worth asking again.', 1),
  'WWW-Authenticate': textHeader(
    'A challenge for each accepted scheme (RFC 7617, RFC 6750); where `API_PREFIX` is Alfresco’s, the one that Alfresco sends.',
    'Basic realm="alfresco-downloads", charset="UTF-8"',
  ),
  'Preference-Applied': textHeader('The `wait` that was honoured (RFC 7240).', 'wait=20'),
  'Content-Length': countHeader('Bytes of the ZIP, or of the part of it.', 20_003_105),
  'Content-Disposition': textHeader(
    'Name of the archive (RFC 6266).',
    'attachment; filename="Projects.zip"',
  ),
  'Accept-Ranges': textHeader('Ranges can be asked for in bytes.', 'bytes'),
  'Last-Modified': textHeader(
    'When the download node last changed.',
    'Tue, 24 Nov 2026 01:00:11 GMT',
  ),
} satisfies Headers;

/** Some of them, for a response. */
export function headers(...names: readonly (keyof typeof HEADERS)[]): Headers {
  return Object.fromEntries(names.map((name) => [name, HEADERS[name]]));
}
