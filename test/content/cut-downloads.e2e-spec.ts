import { savesCutDownloads } from './cut-downloads.js';

savesCutDownloads(40, 4, 1);
