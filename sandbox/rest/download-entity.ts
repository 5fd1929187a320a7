import { javaFailure } from './api-error.ts';
import { isDownloadStatus, DOWNLOAD_STATUSES } from '../downloads/download-status.ts';
import {
  longMember,
  readEntity,
  stringListMember,
  stringMember,
  type EntityClass,
  type MemberReader,
} from './request-entity.ts';

/** The order in which Jackson lists them. */
const ENUM_ORDER = ['MAX_CONTENT_SIZE_EXCEEDED', 'CANCELLED', 'DONE', 'IN_PROGRESS', 'PENDING'];

const statusMember: MemberReader = (binder, token) => {
  if (token.type === 'VALUE_NULL') return null;
  if (token.type === 'VALUE_NUMBER' && DOWNLOAD_STATUSES[Number(token.text)] !== undefined)
    return token.text;
  if (token.type === 'VALUE_STRING' && isDownloadStatus(token.text)) return token.text;
  const javaType = 'org.alfresco.service.cmr.download.DownloadStatus$Status';
  if (token.type !== 'VALUE_STRING') throw binder.mismatch(javaType, token);
  const problem = `Cannot deserialize value of type \`${javaType}\` from String "${token.text}": not one of the values accepted for Enum class: [${ENUM_ORDER.join(', ')}]`;
  throw binder.problem(problem, token.at);
};

/** The Java class of the body of POST /downloads. All members are accepted, but only `nodeIds` is used. */
const DOWNLOAD_CLASS: EntityClass = {
  javaName: 'org.alfresco.rest.api.model.Download',
  members: {
    status: statusMember,
    totalFiles: longMember,
    bytesAdded: longMember,
    nodeIds: stringListMember,
    totalBytes: longMember,
    filesAdded: longMember,
    id: stringMember,
  },
};

/**
 * Reads the body of POST /downloads.
 *
 * @returns the ids as sent, null for an empty one; null when there is no list at all
 */
export function readNodeIds(body: string): (string | null)[] | null {
  const download = readEntity(body, DOWNLOAD_CLASS, { arrayIsUnsupported: true });
  if (download === null) {
    throw javaFailure(
      'Cannot invoke "org.alfresco.rest.api.model.Download.getNodeIds()" because "download" is null',
    );
  }
  return (download.nodeIds as (string | null)[] | null | undefined) ?? null;
}
