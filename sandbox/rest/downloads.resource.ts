import type { ApiCall, ResourceMap } from './api-call.ts';
import { invalidArgument, javaFailure } from './api-error.ts';
import { readNodeIds } from './download.entity.ts';
import { readProgress } from '../downloads/download-status.ts';
import type { Downloads } from '../downloads/downloads.ts';
import { emptyReply, entryReply, type Entry } from './json.reply.ts';
import type { RepositoryNode } from '../repository/node.model.ts';

/** `/downloads` and `/downloads/{id}` (DownloadsEntityResource). */
export function downloadsResource(downloads: Downloads): ResourceMap {
  return {
    downloads: {
      operations: {
        POST(call) {
          refuseForms(call);
          const download = downloads.create(call.userId, readNodeIds(call.body));
          return entryReply(202, downloadEntry(download), call.parameters);
        },
      },
    },
    'downloads/*': {
      operations: {
        GET: ({ userId, id, parameters }) =>
          entryReply(200, downloadEntry(downloads.get(userId, id)), parameters),
        DELETE({ userId, id }) {
          downloads.cancel(userId, id);
          return emptyReply(202);
        },
      },
    },
  };
}

function downloadEntry(download: RepositoryNode): Entry {
  const { status, bytesAdded, totalBytes, filesAdded, totalFiles } = readProgress(download);
  return { filesAdded, bytesAdded, totalBytes, id: download.id, totalFiles, status };
}

function refuseForms(call: ApiCall): void {
  const type = call.header('content-type') ?? '';
  if (/^multipart\/form-data/i.test(type)) {
    throw javaFailure(
      'class org.springframework.extensions.webscripts.servlet.FormData cannot be cast to class org.alfresco.rest.api.model.Download',
    );
  }
  // Tomcat has already consumed the body as request parameters, so that nothing is left to parse.
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    throw invalidArgument(
      'Could not read content from HTTP request body: No content to map due to end-of-input\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1]',
    );
  }
}
