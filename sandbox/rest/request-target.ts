/** A request target as Tomcat passes it to the web application. */
export interface RequestTarget {
  /** Raw path segments without the first slash, still percent-encoded, `..` and `;…` kept. */
  rawPath: string;
  query: string;
}

/** Tomcat responds itself: the target is malformed (400), or no web application is mapped to it (404). */
export interface Rejection {
  rejectedWith: 400 | 404;
}

// Tomcat's HttpParser.isNotRequestTarget, and the characters that RFC 3986 does not allow.
const FORBIDDEN_CHARACTERS = /[^\x21-\x7e]|["#<>\\^`{|}]/;
const BAD_ESCAPE = /%(?![\da-f]{2})/i;
const SLASH_NUL_ESCAPE = /%(?:2f|5c|00)/i;
const MAPPED_PATH = '/alfresco/api/';

/** Checks a request target as Tomcat's CoyoteAdapter does, and whether the REST API's servlet is mapped to it. */
export function readTarget(url: string): RequestTarget | Rejection {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '') || '/';
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? '' : target.slice(queryAt + 1);
  if (FORBIDDEN_CHARACTERS.test(target) || BAD_ESCAPE.test(path) || SLASH_NUL_ESCAPE.test(path)) {
    return { rejectedWith: 400 };
  }
  const mapped = mappingPath(path);
  if (mapped === undefined) return { rejectedWith: 400 };
  return mapped.startsWith(MAPPED_PATH) ? { rawPath: path, query } : { rejectedWith: 404 };
}

/** Percent-decodes once as UTF-8, like Java: invalid sequences become replacement characters. */
export function decodeSegment(segment: string): string {
  const bytes = Buffer.from(
    segment.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
  return bytes.toString('utf8');
}

/**
 * The path that Tomcat looks up its servlet by: decoded, without path parameters, dots resolved. The script is then
 * found by the raw path, so that a `..` inside the servlet's path is an ordinary segment there.
 */
function mappingPath(path: string): string | undefined {
  const resolved: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    const name = decodeSegment(segment.split(';')[0] ?? '');
    if (name === '..') {
      if (resolved.pop() === undefined) return undefined;
    } else if (name !== '.') {
      resolved.push(name);
    }
  }
  return `/${resolved.join('/')}`;
}
