import { readFile } from 'node:fs/promises';
import { DockerfileParser } from 'dockerfile-ast';

export interface Instruction {
  readonly keyword: string;
  /** Everything after the keyword, on one line. */
  readonly text: string;
}

/** A build stage: the instructions from one FROM to the next. */
export interface Stage {
  /** An image, with the default of an ARG for its name, or the name of another stage. */
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages of the service's Dockerfile; the last one is the image. */
export async function readStages(): Promise<Stage[]> {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const source = await readFile('Dockerfile', 'utf8');
  const lines = source.split('\n');
  const defaults = new Map<string, string>();
  for (const instruction of DockerfileParser.parse(source).getInstructions()) {
    const keyword = instruction.getKeyword();
    const { start, end } = instruction.getRange();
    // From the source: the parser's own text of the arguments lacks their flags.
    const written = lines.slice(start.line, end.line + 1).join('\n');
    const text = written.slice(keyword.length + 1).replaceAll(/\\\n\s*/g, '');
    if (keyword === 'FROM') {
      const [base = '', , name] = text.split(' ');
      const argument = /^\$\{(\w+)\}$/.exec(base)?.[1];
      stages.push({ base: argument ? defaults.get(argument)! : base, name, instructions: [] });
    } else if (stages.length > 0) stages.at(-1)!.instructions.push({ keyword, text });
    else {
      const [argument = '', value = ''] = text.split('=', 2);
      defaults.set(argument, value);
    }
  }
  return stages;
}

/** The arguments of all instructions of a stage with this keyword. */
export function textsOf({ instructions }: Stage, keyword: string): string[] {
  return instructions.filter((one) => one.keyword === keyword).map(({ text }) => text);
}

/** Where an image has its files from: paths in an earlier stage or in the repository, by their path in the image. */
export function filesOf(stage: Stage): Map<string, string> {
  return new Map(
    textsOf(stage, 'COPY').map((text) => {
      const [from = '', to = ''] = text.replace(/^--from=\S+ /, '').split(' ');
      return [to, from];
    }),
  );
}

/** A command in exec form, that is without a shell; fails the test if it has another form. */
export function execForm(text: string): string[] {
  return JSON.parse(/\[.*\]$/s.exec(text)?.[0] ?? text) as string[];
}
