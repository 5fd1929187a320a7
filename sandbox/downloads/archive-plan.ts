import { isFolder, type RepositoryNode } from '../repository/node-model.ts';
import type { NodeContent } from '../repository/node-content.ts';
import type { Repository } from '../repository/repository.ts';

/** One entry of a ZIP; folders have no content and a path that ends in a slash. */
export interface ArchiveEntry {
  path: string;
  createdAt: Date;
  content?: NodeContent;
}

/** The entries of a ZIP, and the totals that its download shows. */
export interface ArchivePlan {
  entries: ArchiveEntry[];
  totalBytes: number;
  totalFiles: number;
}

/**
 * Lists what the ZIP of the given nodes holds, as ZipDownloadExporter orders it: requested order, children below their
 * folder, secondary ones included, equal names kept. Nodes that the user cannot read are left out silently.
 */
export function planArchive(
  repository: Repository,
  userId: string,
  nodeIds: readonly string[],
): ArchivePlan {
  const plan: ArchivePlan = { entries: [], totalBytes: 0, totalFiles: 0 };

  const visit = (node: RepositoryNode, parentPath: string): void => {
    if (!repository.canRead(userId, node)) return;
    const path = `${parentPath}${node.name ?? node.id}`;
    if (isFolder(node)) {
      plan.entries.push({ path: `${path}/`, createdAt: node.createdAt });
      for (const child of repository.children(node)) visit(child, `${path}/`);
    } else if (node.content === undefined) {
      // A file that never got content is not counted, and ZipDownloadExporter treats it as a folder.
      plan.entries.push({ path: `${path}/`, createdAt: node.createdAt });
    } else {
      plan.entries.push({ path, createdAt: node.createdAt, content: node.content });
      plan.totalBytes += node.content.size;
      plan.totalFiles += 1;
    }
  };

  for (const id of nodeIds) {
    const node = repository.get(id);
    if (node !== undefined) visit(node, '');
  }
  return plan;
}
