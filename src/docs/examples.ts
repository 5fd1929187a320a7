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

export const DOWNLOAD_EXAMPLES = {
  pending: {
    entry: { ...counters, id: EXAMPLES.downloadId, totalFiles: 0, status: 'PENDING' },
  },
  inProgress: {
    entry: {
      filesAdded: 1,
      bytesAdded: 10_240_000,
      totalBytes: 20_971_533,
      id: EXAMPLES.downloadId,
      totalFiles: 3,
      status: 'IN_PROGRESS',
    },
  },
  done,
  list: {
    list: {
      pagination: { count: 1, hasMoreItems: false, totalItems: 1, skipCount: 0, maxItems: 100 },
      entries: [done],
    },
  },
};
