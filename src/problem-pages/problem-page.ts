import { STATUS_CODES } from 'node:http';
import type { ProblemDocument } from '../problems/problem-document.js';
import type { ProblemCatalogue, ProblemExplanation } from './problem-explanation.js';

/** Nothing from elsewhere, no script: the security policy of the service lets in only styles that a page brings along. */
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
export function occurrencePage(problem: ProblemDocument): string {
  const { type, title, status, detail, code, requestId, errors = [] } = problem;
  return page(
    title,
    `<main>
<h1>${escape(title)}</h1>
<p><code>${code}</code>, ${statusLine(status)}</p>
<p>${escape(detail)}</p>
${errors.length > 0 ? `<p>${escape(problem.error.briefSummary)}</p>\n` : ''}<p><a href="${escape(type)}">What this means, and what to do about it</a></p>
<p>The operator of the service can find this request as <code>${escape(requestId)}</code>.</p>
</main>`,
  );
}

/** The page of one code. */
export function explanationPage(problem: ProblemExplanation, pages: string): string {
  const { type, code, status, title, description, forCaller, forOperator } = problem;
  return page(
    title,
    `<nav><a href="${escape(pages)}">All problems</a></nav>
<main>
<h1>${escape(title)}</h1>
<p><code>${code}</code>, ${statusLine(status)}</p>
<h2>What it means</h2>
<p>${text(description)}</p>
<h2>What the caller can do</h2>
<p>${text(forCaller)}</p>
<h2>What the operator of the service can do</h2>
<p>${text(forOperator)}</p>
</main>`,
    `<link rel="canonical" href="${escape(type)}">\n`,
  );
}

/** The list of all codes, in sections by status. */
export function cataloguePage({ problems }: ProblemCatalogue): string {
  const sections = [...Map.groupBy(problems, ({ status }) => status)].map(
    ([status, group]) => `<section>
<h2>${statusLine(status)}</h2>
<ul>
${group.map(item).join('\n')}
</ul>
</section>`,
  );
  return page(
    'Problems',
    `<main>
<h1>Problems</h1>
<p>Every error of this service is a problem document (RFC 9457). Its <code>code</code> is one of these, and its
<code>type</code> is the address of the page about it.</p>
${sections.join('\n')}
</main>`,
  );
}

function item({ type, code, title, description }: ProblemExplanation): string {
  return `<li><a href="${escape(type)}">${escape(title)}</a> <code>${code}</code>
<p>${text(description)}</p></li>`;
}

function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`;
}

/** Without an icon of its own, a browser asks for `/favicon.ico`. */
function page(title: string, body: string, head = ''): string {
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

/** Backquotes are the only markup of the catalogue. */
function text(markdown: string): string {
  return escape(markdown).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(plain: string): string {
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
