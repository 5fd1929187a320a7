/** Runs before each test file (vitest's `setupFiles`). */
import { keep } from './evidence.js';
import './secrets-recorder.js';

keep('files', `${expect.getState().testPath}\n`);
