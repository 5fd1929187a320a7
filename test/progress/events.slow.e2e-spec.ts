import { progressTests } from './progress-fixtures.js';
import { sharesRequestsAmongWatchers } from './watchers.js';

const it = progressTests();

describe('polling Alfresco for progress', () => {
  sharesRequestsAmongWatchers(it, { streams: 400, longPolls: 300, polls: 300 });
});
