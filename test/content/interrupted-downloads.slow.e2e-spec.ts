import { savesInterruptedDownloads } from './interrupted-downloads.js';

savesInterruptedDownloads(500, 10, Date.now() % 1_000_000);
