/** The environment is not usable. `message` lists every problem at once, one per line, without secrets. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(
      [
        `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:`,
        ...problems.map((problem) => `  - ${problem}`),
        'Each variable is described in .env.example.',
      ].join('\n'),
    );
  }
}
