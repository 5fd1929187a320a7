import type { ApiCall, Operation, ResourceMap } from './api-call.ts';
import { ApiError, entityNotFound, invalidArgument, permissionDenied } from './api-error.ts';
import { contentReply } from './content-reply.ts';
import { emptyReply, entryReply, listReply } from './json-reply.ts';
import { nodeEntry } from './node-entry.ts';
import { validateNode, validateOrLookupNode } from './node-id.ts';
import { isFile, isFolder, type RepositoryNode } from '../repository/node-model.ts';
import { updateNode } from './node-update.ts';
import { readPaging } from './parameter-check.ts';
import type { Reply } from './reply.ts';
import type { Repository } from '../repository/repository.ts';
import { SAMPLE_NODES } from '../sample-nodes.ts';

const SINGLE_NODE_PARTS: ReadonlySet<string> = new Set(['aspectNames', 'properties']);
/** NodesImpl.isSpecialNode: cannot be deleted, not even by an administrator. */
const SPECIAL_NODES: ReadonlySet<string> = new Set([
  SAMPLE_NODES.root,
  SAMPLE_NODES.downloadsContainer,
]);

/** `/nodes/{id}`, its content and its children (NodesImpl). */
export function nodesResource(repository: Repository): ResourceMap {
  const readable = (call: ApiCall): RepositoryNode => {
    const node = validateOrLookupNode(repository, call.userId, call.id);
    if (!repository.canRead(call.userId, node)) throw permissionDenied();
    return node;
  };
  const reply = (node: RepositoryNode, call: ApiCall): Reply =>
    entryReply(200, nodeEntry(repository, node, SINGLE_NODE_PARTS), call.parameters);

  const read: Operation = (call) => reply(readable(call), call);

  const update: Operation = (call) => {
    const node = validateOrLookupNode(repository, call.userId, call.id);
    if (!repository.canWrite(call.userId, node)) throw permissionDenied();
    updateNode(repository, node, call.body);
    repository.touch(node, call.userId);
    // The node is read again for the response, by which time the caller may have changed its owner.
    return read(call);
  };

  const remove: Operation = (call) => {
    const node = validateOrLookupNode(repository, call.userId, call.id);
    if (SPECIAL_NODES.has(node.id)) throw new ApiError(403, `Cannot delete: ${call.id}`);
    const permanent = call.parameters.first('permanent')?.toLowerCase() === 'true';
    if (!repository.canWrite(call.userId, node)) {
      if (permanent && repository.canRead(call.userId, node)) {
        throw new ApiError(403, `Non-owner/non-admin cannot permanently delete: ${node.id}`);
      }
      throw permissionDenied();
    }
    repository.remove(node);
    return emptyReply(204);
  };

  const content: Operation = (call) => {
    const node = validateNode(repository, call.id);
    const isNeverFilled = node.type === 'cm:content' && node.content === undefined;
    if (!isFile(node) || isNeverFilled)
      throw invalidArgument(`NodeId of content is expected: ${node.id}`);
    if (!repository.canRead(call.userId, node)) throw permissionDenied();
    return contentReply(node, call);
  };

  const children: Operation = (call) => {
    const all = repository
      .children(readable(call))
      .filter((child) => repository.canRead(call.userId, child))
      .toSorted(foldersThenNames);
    const { skipCount, maxItems } = readPaging(call.parameters);
    const page = all.slice(skipCount, skipCount + maxItems);
    const parts = new Set(
      (call.parameters.first('include') ?? '').split(',').map((name) => name.trim()),
    );
    const hasMoreItems = skipCount + page.length < all.length;
    const pagination = {
      count: page.length,
      hasMoreItems,
      totalItems: all.length,
      skipCount,
      maxItems,
    };
    return listReply(
      page.map((child) => nodeEntry(repository, child, parts)),
      pagination,
      call.parameters,
    );
  };

  return {
    'nodes/*': { operations: { GET: read, PUT: update, DELETE: remove } },
    'nodes/*/content': { operations: { GET: content } },
    'nodes/*/children': { operations: { GET: children } },
    // Download nodes never go to the trashcan.
    'deleted-nodes': {
      operations: {
        GET({ parameters }) {
          const pagination = { count: 0, hasMoreItems: false, totalItems: 0 };
          return listReply([], { ...pagination, ...readPaging(parameters) }, parameters);
        },
      },
    },
    'deleted-nodes/*': {
      operations: {
        GET({ id }) {
          throw entityNotFound(id);
        },
      },
    },
  };
}

function foldersThenNames(left: RepositoryNode, right: RepositoryNode): number {
  return (
    Number(isFolder(right)) - Number(isFolder(left)) ||
    (left.name ?? '').localeCompare(right.name ?? '')
  );
}
