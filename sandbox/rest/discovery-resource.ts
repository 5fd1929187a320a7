import type { Resource } from './api-call.ts';
import { entryReply } from './json-reply.ts';

/** Of the release whose responses are recorded. */
const VERSION = {
  major: '25',
  minor: '3',
  patch: '0',
  hotfix: '0',
  schema: 20_200,
  label: 'sandbox',
  display: '25.3.0.0 (sandbox) schema 20200',
};

/** `/api/discovery`: what is installed, for everyone who has logged in (DiscoveryApiWebscript, RepositoryInfo). */
export function discoveryResource(isReadOnly: () => boolean): Resource {
  return {
    operations: {
      GET({ parameters }) {
        const status = {
          isReadOnly: isReadOnly(),
          isAuditEnabled: true,
          isQuickShareEnabled: true,
          isThumbnailGenerationEnabled: true,
          isDirectAccessUrlEnabled: false,
        };
        const repository = { edition: 'Community', version: VERSION, status, modules: [] };
        return entryReply(200, { repository }, parameters);
      },
    },
  };
}
