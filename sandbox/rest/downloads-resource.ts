import type { ApiCall, ResourceMap } from './api-call.ts';
import { invalidArgument, javaFailure } from './api-error.ts';
import { readNodeIds } from './download-entity.ts';
import { readProgress } from '../downloads/download-status.ts';
import type { Downloads } from '../downloads/downloads.ts';
import { emptyReply, entryReply, type Entry } from './json-reply.ts';
import type { RepositoryNode } from '../repository/node-model.ts';

/** `/downloads` and `/downloads/{id}` (DownloadsEntityResource). */
export function downloadsResource(downloads: Downloads): ResourceMap {
  return {
    downloads: {
      operations: {
        POST(call) {
          checkBody(call);
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

/** Reproduces the errors of ResourceWebScriptPost before it reads a body, for which it needs Content-Length. */
function checkBody(call: ApiCall): void {
  const type = call.header('content-type') ?? '';
  if (/^multipart\/form-data/i.test(type)) {
    throw javaFailure(
      "class org.springframework.extensions.webscripts.servlet.FormData cannot be cast to class java.util.List (org.springframework.extensions.webscripts.servlet.FormData is in unnamed module of loader org.apache.catalina.loader.ParallelWebappClassLoader @5a07e868; java.util.List is in module java.base of loader 'bootstrap')",
    );
  }
  const length = call.header('content-length');
  if (length === undefined) throw javaFailure('Cannot parse null string', { status: 400 });
  if (Number(length) === 0) {
    throw javaFailure('Cannot invoke "java.util.List.get(int)" because "entity" is null');
  }
  // Tomcat has already consumed the body as request parameters.
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    throw invalidArgument(
      'Could not read content from HTTP request body: No content to map due to end-of-input\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1]',
    );
  }
}
