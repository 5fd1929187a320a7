export type Header = readonly [name: string, value: string];

/** A response to send. Nothing adds a Content-Length: without one, it is sent chunked. */
export interface Reply {
  status: number;
  headers: Header[];
  body?: Buffer | AsyncIterable<Buffer>;
  /** The number of bytes to send of a node's content; undefined for JSON. */
  contentBytes?: number;
}

/** The headers with which Alfresco forbids caching, on every JSON success and on some errors. */
export const NO_CACHE_HEADERS: readonly Header[] = [
  ['Cache-Control', 'no-cache'],
  ['Expires', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Pragma', 'no-cache'],
];

/** The style of Tomcat's error pages (`org.apache.catalina.util.TomcatCSS`). */
const STYLE =
  'body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}';

const STATUS_TITLES: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** An error page of Tomcat, or of a proxy in front of it. */
export function htmlReply(status: number, headers: readonly Header[] = []): Reply {
  const title = `HTTP Status ${status} – ${STATUS_TITLES[status] ?? 'Error'}`;
  const body = Buffer.from(
    `<!doctype html><html lang="en"><head><title>${title}</title><style type="text/css">${STYLE}</style></head><body><h1>${title}</h1></body></html>`,
  );
  return {
    status,
    headers: [
      ['Content-Type', 'text/html;charset=utf-8'],
      ['Content-Language', 'en'],
      ['Content-Length', String(body.length)],
      ...headers,
    ],
    body,
  };
}
