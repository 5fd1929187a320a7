import { savesCutDownloads } from './interrupted-downloads.js';

savesCutDownloads(40, 4, 1);
