/** Values that work in the demo: Swagger UI sends them as they stand. */
export const EXAMPLES = {
  nodeIds: ['972a8469-1641-4f82-8b9d-2434e465e150'],
  downloadId: '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
} as const;

const counters = { filesAdded: 0, bytesAdded: 0, totalBytes: 0 };

const done = {
  entry: {
    filesAdded: 3,
    bytesAdded: 20_971_533,
    totalBytes: 20_971_533,
    id: EXAMPLES.downloadId,
    totalFiles: 3,
    status: 'DONE',
  },
};

const inProgress = {
  entry: {
    filesAdded: 1,
    bytesAdded: 10_240_000,
    totalBytes: 20_971_533,
    id: EXAMPLES.downloadId,
    totalFiles: 3,
    status: 'IN_PROGRESS',
  },
};

export const DOWNLOAD_EXAMPLES = {
  pending: {
    entry: { ...counters, id: EXAMPLES.downloadId, totalFiles: 0, status: 'PENDING' },
  },
  inProgress,
  done,
  list: {
    list: {
      pagination: { count: 1, hasMoreItems: false, totalItems: 1, skipCount: 0, maxItems: 100 },
      entries: [done],
    },
  },
};

/** An answer of POST /downloads/{id}/request-direct-access-url. */
export const LINK_EXAMPLE = {
  entry: {
    contentUrl: `http://127.0.0.1:3000/downloads/${EXAMPLES.downloadId}/content?link=WzE.c2ln`,
    attachment: true,
    expiryTime: '2026-11-24T01:05:11.000+0000',
  },
};

const progress = { ...inProgress, percent: 48.8, bytesPerSecond: 5_120_000, remainingSeconds: 3 };

/** An answer of GET /downloads/{id}/events. */
export const EVENTS_EXAMPLE = `retry: 2000

id: IN_PROGRESS.1.10240000.3.20971533
event: progress
data: ${JSON.stringify(progress)}

id: DONE.3.20971533.3.20971533
event: done
data: ${JSON.stringify({ ...done, percent: 100 })}

`;
