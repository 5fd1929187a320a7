import { STATUS_CODES } from 'node:http';
import type { ProblemDocument } from './problem-document.js';
import type { WayOut } from './problem.exception.js';

/** Nothing from elsewhere and no script: the Content-Security-Policy of the service allows only a page's own styles. */
const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: light-dark(#1b1f24, #e6e9ed); background: light-dark(#fff, #15181c); }
main, nav { max-width: 44rem; margin: 0 auto; padding: 0 1.25rem; overflow-wrap: anywhere; }
nav { padding-top: 1.25rem; }
main { padding-bottom: 3rem; }
h1 { margin: 1rem 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2rem 0 .25rem; font-size: 1.125rem; }
p { margin: .25rem 0; }
a { color: light-dark(#0b5cad, #7db7f5); }
code { padding: .1em .3em; border-radius: .25rem; font: .9em ui-monospace, monospace; background: light-dark(#eef0f3, #262b31); }
ul { margin: 0; padding: 0; list-style: none; }
li { padding: .75rem 0; border-top: 1px solid light-dark(#d8dde3, #363c44); }
`;

/** The page of one occurrence, for a person who has followed a link. */
export function occurrencePage(problem: ProblemDocument, waysOut: readonly WayOut[] = []): string {
  const { type, title, status, detail, code, requestId, errors = [] } = problem;
  return page(
    title,
    `<main>
<h1>${escape(title)}</h1>
<p><code>${code}</code>, ${statusLine(status)}</p>
<p>${escape(detail)}</p>
${errors.length > 0 ? `<p>${escape(problem.error.briefSummary)}</p>\n` : ''}${waysOut.map(link).join('')}<p><a href="${escape(type)}">What this means, and what to do about it</a></p>
<p>The operator of the service can find this request as <code>${escape(requestId)}</code>.</p>
</main>`,
  );
}

function link({ text, href }: WayOut): string {
  return `<p><a href="${escape(href)}">${escape(text)}</a></p>\n`;
}

/**
 * A page in the style of all pages about problems.
 *
 * @param title plain text
 * @param body HTML
 * @param head HTML
 */
export function page(title: string, body: string, head = ''): string {
  // Without an icon of its own, a browser would request `/favicon.ico`.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} – Alfresco downloads</title>
<link rel="icon" href="data:,">
${head}<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** `404 Not Found` */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`;
}

/** Plain text as HTML, in elements and in quoted attributes. */
export function escape(plain: string): string {
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
