import type { Entry } from './json-reply.ts';
import { isFile, isFolder, type RepositoryNode } from '../repository/node-model.ts';
import type { Repository } from '../repository/repository.ts';

/** Parts of a node entry that single nodes always have and list items only on demand. */
export type OptionalPart = 'aspectNames' | 'properties';

/** The representation of a node in the REST API. */
export function nodeEntry(
  repository: Repository,
  node: RepositoryNode,
  parts: ReadonlySet<string>,
): Entry {
  const { content } = node;
  const person = (id: string): Entry => ({
    id,
    displayName: repository.user(id)?.displayName ?? id,
  });
  return {
    id: node.id,
    name: node.name,
    nodeType: node.type,
    isFile: isFile(node),
    isFolder: isFolder(node),
    parentId: node.parentId,
    createdAt: alfrescoDate(node.createdAt),
    modifiedAt: alfrescoDate(node.modifiedAt),
    createdByUser: person(node.creator),
    modifiedByUser: person(node.modifier),
    content: content && {
      mimeType: content.mimeType,
      mimeTypeName: content.mimeTypeName,
      sizeInBytes: content.size,
      encoding: 'UTF-8',
    },
    aspectNames: parts.has('aspectNames') ? [...node.aspects] : undefined,
    properties: parts.has('properties') ? visibleProperties(node, person) : undefined,
  };
}

/** JacksonHelper's date format, with an offset instead of `Z`. */
function alfrescoDate(date: Date): string {
  return date.toISOString().replace('Z', '+0000');
}

function visibleProperties(
  { properties }: RepositoryNode,
  person: (id: string) => Entry,
): Entry | undefined {
  const visible = [...properties]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => [name, name === 'cm:owner' ? person(String(value)) : value] as const);
  return visible.length === 0 ? undefined : Object.fromEntries(visible);
}
