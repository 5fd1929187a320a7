import { savesInterruptedDownloads } from './interrupted-downloads.js';

savesInterruptedDownloads(40, 4, 1);
