/** Runs before each file of unit tests (vitest's `setupFiles`): what the code under test logs is no news of the run. */
import { Logger } from '@nestjs/common';

Logger.overrideLogger(['fatal']);
