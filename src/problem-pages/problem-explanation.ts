import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { PROBLEMS, PROBLEM_CODES, type ProblemCode } from '../problems/problem-catalogue.js';
import { problemType } from '../problems/problem-document.js';
import { escape, page, statusLine } from '../problems/problem-page.js';
import { ADVICE } from './problem-advice.js';

/** Everything about one code; `explanationPage` shows the same to a person. */
@ApiSchema({ name: 'ProblemExplanation' })
export class ProblemExplanation {
  @ApiProperty({
    format: 'uri-reference',
    description:
      'The `type` of problem documents with this code, which is the address of this explanation.',
  })
  type: string;

  @ApiProperty({ enum: [...PROBLEM_CODES], enumName: 'ProblemCode' })
  code: ProblemCode;

  @ApiProperty({ type: 'integer', description: 'Of the responses with this code.' })
  status: number;

  @ApiProperty({ description: 'The same for every occurrence.' })
  title: string;

  @ApiProperty({ description: 'What it means.' })
  description: string;

  @ApiProperty({ description: 'What the sender of the request can do; Markdown.' })
  forCaller: string;

  @ApiProperty({ description: 'What the operator of the service can do; Markdown.' })
  forOperator: string;
}

@ApiSchema({ name: 'ProblemCatalogue' })
export class ProblemCatalogue {
  @ApiProperty({ type: [ProblemExplanation], description: 'By status.' })
  problems: ProblemExplanation[];
}

/** @param pages path of the pages, see `problemPages` */
export function explain(code: ProblemCode, pages: string): ProblemExplanation {
  const { status, title, description } = PROBLEMS[code];
  const type = problemType(code, pages);
  return { type, code, status, title, description, ...ADVICE[code] };
}

/** @param pages path of the pages, see `problemPages` */
export function explainAll(pages: string): ProblemCatalogue {
  return { problems: PROBLEM_CODES.map((code) => explain(code, pages)) };
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

/** The only markup of the catalogue is backquotes. */
function text(markdown: string): string {
  return escape(markdown).replace(/`([^`]+)`/g, '<code>$1</code>');
}
