import type { ApiResponseOptions } from '@nestjs/swagger';

type Headers = NonNullable<ApiResponseOptions['headers']>;

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

/** Of responses that hold only for the moment. */
export const NOT_KEPT = { 'Cache-Control': textHeader('No cache may store it.', 'no-store') };

/** Headers that several responses have in common; they go into the components of the document. */
export const HEADERS = {
  'X-Request-Id': textHeader(
    'Id of the request, also in the log.',
    '3f0f6c2e-2f7e-4b7e-9d0a-5c0f6a1d2e3f',
  ),
  'RateLimit-Policy': textHeader(
    'The limits: requests (`q`) in a window of seconds (`w`).',
    '"address";q=2400;w=60, "caller";q=1200;w=60',
  ),
  RateLimit: textHeader(
    'For each limit, the requests that are left (`r`) and the seconds until it starts again (`t`).',
    '"address";r=2398;t=42, "caller";r=1198;t=42',
  ),
  'Retry-After': countHeader('Seconds after which to try again.', 1),
  'WWW-Authenticate': textHeader(
    'A challenge for each accepted scheme (RFC 7617, RFC 6750); where `API_PREFIX` is Alfresco’s, the one that Alfresco sends.',
    'Basic realm="alfresco-downloads", charset="UTF-8"',
  ),
  'Preference-Applied': textHeader('The `wait` that was honoured (RFC 7240).', 'wait=20'),
  'Content-Length': countHeader('Bytes of the ZIP, or of the requested part.', 20_003_105),
  'Content-Disposition': textHeader(
    'Name of the archive (RFC 6266).',
    'attachment; filename="Projects.zip"',
  ),
  'Accept-Ranges': textHeader('Byte ranges can be requested.', 'bytes'),
  'Last-Modified': textHeader(
    'When the download node last changed.',
    'Tue, 24 Nov 2026 01:00:11 GMT',
  ),
} satisfies Headers;

export function headers(...names: readonly (keyof typeof HEADERS)[]): Headers {
  return Object.fromEntries(names.map((name) => [name, HEADERS[name]]));
}
