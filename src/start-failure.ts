import { ConfigurationError } from './config/configuration-error.js';

/** `EX_CONFIG` of sysexits.h: a supervisor should not restart a process that will fail the same way. */
const EXIT_CONFIGURATION = 78;

/** Why the service cannot start, for its operator, and the code with which the process ends. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }

  /** @throws what is no such reason, but a bug */
  static of(error: unknown): StartFailure {
    if (error instanceof StartFailure) return error;
    if (error instanceof ConfigurationError) {
      return new StartFailure(error.message, EXIT_CONFIGURATION);
    }
    throw error;
  }
}
