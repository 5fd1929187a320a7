/** These work in the demo, where Swagger UI sends them as they are. */
export const EXAMPLES = {
  nodeIds: ['972a8469-1641-4f82-8b9d-2434e465e150'],
  downloadId: '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
  fields: 'id,status,filesAdded,bytesAdded,totalFiles,totalBytes',
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

/** A response of POST /downloads/{id}/request-direct-access-url. */
export const LINK_EXAMPLE = {
  entry: {
    contentUrl: `http://127.0.0.1:3000/downloads/${EXAMPLES.downloadId}/content?link=WzE.c2ln`,
    attachment: true,
    expiryTime: '2026-11-24T01:05:11.000+0000',
  },
};

const demo = { id: 'demo', displayName: 'demo' };

/** A response of GET /nodes/{id}. */
export const NODE_EXAMPLE = {
  entry: {
    id: EXAMPLES.downloadId,
    name: 'Projects.zip',
    nodeType: 'download:download',
    isFile: true,
    isFolder: false,
    createdAt: '2026-11-24T01:00:11.000+0000',
    modifiedAt: '2026-11-24T01:00:14.000+0000',
    createdByUser: demo,
    modifiedByUser: demo,
    content: { mimeType: 'application/zip', sizeInBytes: 20_003_105 },
  },
};

const progress = { ...inProgress, percent: 48.8, bytesPerSecond: 5_120_000, remainingSeconds: 3 };

/** One event of GET /downloads/{id}/events. */
export const EVENT_EXAMPLE = {
  id: 'IN_PROGRESS.1.10240000.3.20971533',
  event: 'progress',
  data: JSON.stringify(progress),
};

/** A response of GET /auth/session. */
export const SESSION_EXAMPLE = {
  name: 'alice',
  id: 'oidc:q8fWZc0x:5d3c1f0e-8a44-4c0b-9f6e-2b7a1c9d4e55',
  expiresAt: '2026-11-24T01:30:11.000Z',
  endsAt: '2026-11-24T11:00:11.000Z',
};

/** A response of POST /auth/logout. */
export const LOGOUT_EXAMPLE = {
  logoutUrl:
    'https://id.example.com/realms/main/protocol/openid-connect/logout?client_id=downloads&post_logout_redirect_uri=https%3A%2F%2Fdownloads.example.com%2F',
};
