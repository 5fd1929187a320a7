import { savesCutDownloads } from './interrupted-downloads.js';

savesCutDownloads(500, 10, Date.now() % 1_000_000);
