import { readFile } from 'node:fs/promises';
import { DockerfileParser } from 'dockerfile-ast';

export interface Instruction {
  readonly keyword: string;
  /** Everything after the keyword, on one line. */
  readonly text: string;
}

/** A build stage: the instructions from one FROM to the next. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages of the service's Dockerfile; the last one is the image. */
export async function readStages(): Promise<Stage[]> {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const source = await readFile('Dockerfile', 'utf8');
  const lines = source.split('\n');
  for (const instruction of DockerfileParser.parse(source).getInstructions()) {
    const keyword = instruction.getKeyword();
    const { start, end } = instruction.getRange();
    // From the source: the parser's own text of the arguments lacks their flags.
    const written = lines.slice(start.line, end.line + 1).join('\n');
    const text = written.slice(keyword.length + 1).replaceAll(/\\\n\s*/g, '');
    if (keyword !== 'FROM') stages.at(-1)!.instructions.push({ keyword, text });
    else {
      const [base = '', , name] = text.split(' ');
      stages.push({ base, name, instructions: [] });
    }
  }
  return stages;
}

/** The arguments of all instructions of a stage with this keyword. */
export function textsOf({ instructions }: Stage, keyword: string): string[] {
  return instructions.filter((one) => one.keyword === keyword).map(({ text }) => text);
}

/** A command in exec form, that is without a shell; fails the test if it has another form. */
export function execForm(text: string): string[] {
  return JSON.parse(/\[.*\]$/s.exec(text)?.[0] ?? text) as string[];
}
