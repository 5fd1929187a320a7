import { entityNotFound, invalidArgument } from './api-error.ts';
import type { RepositoryNode } from '../repository/node-model.ts';
import type { Repository } from '../repository/repository.ts';
import { SAMPLE_NODES } from '../sample-nodes.ts';

/**
 * Finds a node as NodesImpl.validateNode does: the format is not checked, and everything from the first semicolon
 * is a version label, which is ignored.
 *
 * @throws ApiError 400 without an id, 404 if there is no such node
 */
export function validateNode(repository: Repository, id: string | null): RepositoryNode {
  if (id === null || id === '') throw invalidArgument('Missing nodeId');
  const [nodeId = '', ...label] = id.split(';');
  const node = label.join(';') === 'pwc' ? undefined : repository.get(nodeId);
  if (node === undefined) throw entityNotFound(nodeId);
  return node;
}

/** Like `validateNode`, but also knows the aliases `-root-`, `-my-` and `-shared-`. */
export function validateOrLookupNode(
  repository: Repository,
  userId: string,
  id: string,
): RepositoryNode {
  const aliases: Record<string, string> = {
    '-root-': SAMPLE_NODES.root,
    '-my-': repository.homeId(userId),
    '-shared-': SAMPLE_NODES.sharedFolder,
  };
  return validateNode(repository, Object.hasOwn(aliases, id) ? (aliases[id] ?? id) : id);
}
