import { readFileSync } from 'node:fs';

/** Text of the file that a variable names; when it cannot be read, that is added to `problems`. */
export function readTextFile(
  variable: string,
  path: string,
  problems: string[],
): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push(`${variable}="${path}": the file cannot be read (${reason})`);
    return undefined;
  }
}
