/** One line of the table. */
export interface Finding {
  readonly subject: string;
  /** In words, for the reader. */
  readonly seen: string;
  readonly isGood: boolean;
}

/** Prints each finding as soon as it is there. @returns whether everything is as it should be */
export async function printTable(findings: AsyncIterable<Finding>): Promise<boolean> {
  let isGood = true;
  for await (const finding of findings) {
    const { subject, seen } = finding;
    console.log(`${finding.isGood ? '✓' : '✗'} ${subject.padEnd(24)} ${seen}`);
    isGood &&= finding.isGood;
  }
  return isGood;
}
