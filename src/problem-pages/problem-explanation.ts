import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { PROBLEMS, PROBLEM_CODES, type ProblemCode } from '../problems/problem-catalogue.js';
import { problemType } from '../problems/problem-document.js';

/** Everything about one code. */
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
  const { status, title, description, forCaller, forOperator } = PROBLEMS[code];
  const type = problemType(code, pages);
  return { type, code, status, title, description, forCaller, forOperator };
}

/** @param pages path of the pages, see `problemPages` */
export function explainAll(pages: string): ProblemCatalogue {
  return { problems: PROBLEM_CODES.map((code) => explain(code, pages)) };
}
