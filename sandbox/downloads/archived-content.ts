import type { RepositoryNode } from '../repository/node-model.ts';
import type { Repository } from '../repository/repository.ts';

/** `download.archiveCheckLimit`: the number of nodes to check. */
const CHECK_LIMIT = 500;

/**
 * Whether a requested node, or one below it, is archived. Like DownloadsImpl it considers only the exact types
 * cm:content and cm:folder, at the files of a level before its folders, and gives up after 500 nodes.
 */
export function hasArchivedContent(
  repository: Repository,
  userId: string,
  nodes: readonly RepositoryNode[],
): boolean {
  const queue = [...nodes];
  for (const [index, node] of queue.entries()) {
    if (index >= CHECK_LIMIT) return false;
    if (node.type === 'cm:content' && node.archived === true) return true;
    if (node.type === 'cm:folder') {
      queue.push(...repository.children(node).filter((child) => repository.canRead(userId, child)));
    }
  }
  return false;
}
