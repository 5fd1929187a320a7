/** Runs before each file of unit tests (vitest's `setupFiles`): hides the log of the code under test. */
import { Logger } from '@nestjs/common';

Logger.overrideLogger(['fatal']);
